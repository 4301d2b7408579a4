"""Promotion: five planted candidates, known label errors, and evidence that does not fit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mnist.errors import InvalidEvaluation
from mnist.evaluation.statistics import bootstrap_interval, design_effect, score_interval
from mnist.promotion import Decision, Policy, Sample, Verdict, decide, refuse, report
from tests.planted import IMAGES, LABELS, WRITERS, confusion, evidence, probabilities, wrong

POLICY = Policy()
SHARED = wrong(0, 30)
"""Thirty images that every planted model misreads."""


def reasons(decision):
    return " ".join(decision.reasons)


class TestPlantedCandidates:
    """One candidate per way of being good or bad."""

    def test_clearly_better_is_promoted(self):
        champion = evidence(SHARED | wrong(5, 40), "1", writers=WRITERS)

        decision = decide(evidence(SHARED, writers=WRITERS), champion, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.BETTER, True)
        assert "40 images gained, 0 lost" in reasons(decision)

    def test_the_same_is_not_worse_and_promoted_by_default(self):
        decision = decide(evidence(SHARED), evidence(SHARED, "1"), POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.NOT_WORSE, True)
        assert "loss of more than 0.0015 is excluded" in reasons(decision)

    def test_the_same_stays_where_the_policy_wants_better(self):
        policy = Policy(promote_not_worse=False)

        decision = decide(evidence(SHARED), evidence(SHARED, "1"), policy)

        assert (decision.verdict, decision.promote) == (Verdict.NOT_WORSE, False)
        assert "promotes only what is better" in reasons(decision)

    def test_worse_by_a_hair_is_inconclusive_and_not_promoted(self):
        champion = evidence(SHARED | wrong(5, 14), "1")

        decision = decide(evidence(SHARED | wrong(7, 20)), champion, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.INCONCLUSIVE, False)
        assert "14 images gained, 20 lost" in reasons(decision)
        assert "10,000 images usually show only true differences of" in reasons(decision)

    def test_what_cannot_be_told_is_told_by_further_images(self):
        def further(lost):
            correct = np.ones(IMAGES, bool)
            correct[:lost] = False
            read = np.where(correct, LABELS, (LABELS + 1) % 10)
            return Sample(LABELS, probabilities(read, 0.99), "f" * 64)

        hair = SHARED | wrong(7, 20)
        champion = evidence(SHARED | wrong(5, 14), "1", further=further(40))

        equal = decide(evidence(hair, further=further(41)), champion, POLICY)
        worse = decide(evidence(hair, further=further(80)), champion, POLICY)

        assert (equal.verdict, equal.promote) == (Verdict.NOT_WORSE, True)
        assert "So 10,000 images decide that have selected nothing before" in reasons(equal)
        assert (worse.verdict, worse.promote) == (Verdict.WORSE, False)
        assert "further test images" in report(worse)

    def test_further_images_do_not_overrule_those_that_can_tell(self):
        good, bad = (
            Sample(LABELS, probabilities((LABELS + shift) % 10, 0.99), "f" * 64) for shift in (0, 1)
        )

        decision = decide(
            evidence(SHARED, further=bad), evidence(SHARED, "1", further=good), POLICY
        )

        assert decision.verdict is Verdict.NOT_WORSE

    def test_worse_by_a_hair_that_shows_is_worse(self):
        """Ten images in ten thousand, but all in one direction."""
        decision = decide(evidence(SHARED | wrong(7, 10)), evidence(SHARED, "1"), POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.WORSE, False)

    def test_five_losses_without_a_gain_are_worse_and_five_gains_are_not_yet_better(self):
        """Doubt counts against the candidate: test and interval disagree here (p = .06)."""
        more, fewer = evidence(SHARED | wrong(7, 5)), evidence(SHARED)

        assert decide(more, fewer, POLICY).verdict is Verdict.WORSE
        assert decide(fewer, more, POLICY).verdict is Verdict.NOT_WORSE

    def test_better_overall_but_reading_fours_as_nines_is_worse(self):
        champion = evidence(SHARED | wrong(5, 50), "1")

        decision = decide(evidence(SHARED | confusion(4, 9, 12)), champion, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.WORSE, False)
        assert decision.evidence["comparison"]["as_given"]["verdict"] == "better"
        assert decision.reasons[0].startswith("4 predicted as 9: 12 images only by the candidate")

    def test_good_but_badly_calibrated_is_not_promoted(self):
        champion = evidence(SHARED | wrong(5, 40), "1")

        decision = decide(evidence(SHARED, confidence=0.96), champion, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.BETTER, False)
        assert decision.reasons[0].startswith("The expected calibration error is 0.0370, above")

    def test_confidences_much_worse_than_the_champions_are_worse(self):
        champion = evidence(SHARED | wrong(5, 3), "1")

        decision = decide(evidence(SHARED, confidence=0.9), champion, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.WORSE, False)
        assert "The Brier score changed by" in reasons(decision)


class TestWriters:
    """One writer's images fail together."""

    def test_a_gain_at_one_writers_desk_is_no_proof(self):
        champion = evidence(SHARED | wrong(0, 12, step=1), "1", writers=WRITERS)
        independent = replace(champion, writers=None)
        candidate = evidence(SHARED)

        assert decide(candidate, independent, POLICY).verdict is Verdict.BETTER
        clustered = decide(replace(candidate, writers=WRITERS), champion, POLICY)
        assert clustered.verdict is Verdict.INCONCLUSIVE
        assert clustered.evidence["comparison"]["as_given"]["writers"] == 250

    def test_a_loss_at_one_writers_desk_still_counts(self):
        """The test is significant, the interval is not: doubt counts against the candidate."""
        loser = evidence(SHARED | wrong(0, 12, step=1), writers=WRITERS)

        decision = decide(loser, evidence(SHARED, "1", writers=WRITERS), POLICY)

        assert decision.evidence["comparison"]["as_given"]["difference"]["high"] > 0
        assert decision.verdict is Verdict.WORSE

    def test_the_interval_is_at_each_end_the_wider_of_bootstrap_and_score(self):
        eight_desks = {k: v for w in range(8) for k, v in wrong(80 * w, 20, step=1).items()}
        champion = evidence(eight_desks, "1", writers=WRITERS)
        differences = 1.0 - champion.correct
        effect = design_effect(differences, WRITERS)
        drawn = bootstrap_interval(differences, groups=WRITERS)
        score = score_interval(160 / effect, 0, IMAGES / effect)

        decision = decide(evidence({}, writers=WRITERS), champion, POLICY)

        decisive = decision.evidence["comparison"]["as_given"]["difference"]
        assert drawn.low < score.low
        assert drawn.high < score.high
        assert (decisive["low"], decisive["high"]) == pytest.approx((drawn.low, score.high))

    def test_without_writers_the_decision_says_what_it_assumes(self):
        decision = decide(evidence(SHARED), evidence(SHARED, "1"), POLICY)

        assert "writers" in decision.reasons[-1]

    def test_a_policy_can_require_them(self):
        policy = Policy(required={"writers"})

        assert not decide(evidence(SHARED), evidence(SHARED, "1"), policy).promote
        sides = [evidence(SHARED, writers=WRITERS), evidence(SHARED, "1", writers=WRITERS)]
        assert decide(*sides, policy).promote


class TestKnownLabelErrors:
    """Ten planted label errors: image i shows i % 10, but the overlay says otherwise."""

    OVERLAY = {index: (int(LABELS[index]) + 6) % 10 for index in range(0, 1_000, 100)}  # noqa: RUF012

    def test_a_candidate_that_wins_only_on_wrong_labels_is_flagged(self):
        """The champion reads what the images show; the candidate what the labels say."""
        truthful = evidence(SHARED | self.OVERLAY, "1", label_errors=self.OVERLAY)
        flattering = evidence(SHARED, label_errors=self.OVERLAY)

        decision = decide(flattering, truthful, POLICY)

        assert decision.evidence["comparison"]["as_given"]["verdict"] == "better"
        assert (decision.verdict, decision.promote) == (Verdict.WORSE, False)
        assert "The candidate wins only with labels known to be wrong" in reasons(decision)

    def test_losing_only_on_wrong_labels_still_does_not_promote(self):
        truthful = evidence(SHARED | self.OVERLAY, label_errors=self.OVERLAY)

        decision = decide(truthful, evidence(SHARED, "1", label_errors=self.OVERLAY), POLICY)

        assert decision.evidence["comparison"]["ambiguous_left_out"]["verdict"] == "better"
        assert not decision.promote
        assert "is better, not worse; the weaker counts" in reasons(decision)

    def test_scores_are_shown_as_given_corrected_and_without_ambiguous(self):
        errors = {0: 6, 100: 6, 200: None}
        candidate = evidence({0: 6, 200: 3, 500: 1}, label_errors=errors)

        shown = decide(candidate, None, POLICY).evidence["label_errors"]

        assert (shown["corrected"], shown["ambiguous"]) == (2, 1)
        assert shown["candidate"]["as_given"] == pytest.approx(1 - 3 / IMAGES)
        # Image 0 turns right, image 100 turns wrong; without 200 one error less.
        assert shown["candidate"]["corrected"] == pytest.approx(1 - 3 / IMAGES)
        assert shown["candidate"]["ambiguous_left_out"] == pytest.approx(1 - 2 / (IMAGES - 1))

    def test_undecidable_images_prove_nothing(self):
        undecidable = dict.fromkeys(wrong(5, 12), None)
        champion = evidence(SHARED | wrong(5, 12), "1", label_errors=undecidable)

        decision = decide(evidence(SHARED, label_errors=undecidable), champion, POLICY)

        assert decision.evidence["comparison"]["as_given"]["verdict"] == "better"
        assert decision.verdict is Verdict.NOT_WORSE

    def test_labels_without_known_errors_are_compared_once(self):
        decision = decide(evidence(SHARED), evidence(SHARED, "1"), POLICY)

        assert list(decision.evidence["comparison"]) == ["as_given"]
        assert "label_errors" not in decision.evidence

    @pytest.mark.parametrize("errors", [{IMAGES: 3}, {-1: 3}, {0: 10}])
    def test_an_impossible_overlay_is_refused(self, errors):
        with pytest.raises(InvalidEvaluation, match="known label error"):
            evidence(SHARED, label_errors=errors)


class TestChampion:
    """What happens when the champion is missing or was measured on something else."""

    def test_a_first_model_is_promoted_on_the_absolute_checks(self):
        decision = decide(evidence(SHARED), None, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.NOT_WORSE, True)
        assert "Nothing was promoted before" in reasons(decision)

    def test_a_bad_first_model_is_not(self):
        assert not decide(evidence(wrong(0, 900, step=11)), None, POLICY).promote

    def test_a_policy_can_require_a_champion(self):
        decision = decide(evidence(SHARED), None, Policy(required={"champion"}))

        assert (decision.verdict, decision.promote) == (Verdict.INCONCLUSIVE, False)
        assert "no champion" in decision.reasons[0]
        assert "decide" not in reasons(decision)

    def test_a_champion_that_does_not_load_refuses_the_promotion(self):
        decision = refuse("The champion, version 7, no longer loads.", POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.INCONCLUSIVE, False)
        assert decision.reasons == ("The champion, version 7, no longer loads.",)

    def test_evaluations_on_different_images_promote_nothing(self):
        other = evidence(SHARED, "1", images_digest="6" * 64)

        decision = decide(evidence({}), other, POLICY)

        assert (decision.verdict, decision.promote) == (Verdict.INCONCLUSIVE, False)
        assert "different images (digests 555555555555 and 666666666666)" in reasons(decision)

    def test_equal_digests_with_different_labels_promote_nothing(self):
        labels = LABELS.copy()
        labels[0] = 5

        decision = decide(evidence({}), evidence({}, "1", labels=labels), POLICY)

        assert not decision.promote
        assert "labels differ" in reasons(decision)

    def test_evaluations_of_different_length_promote_nothing(self):
        decision = decide(evidence({}), evidence({}, "1", labels=LABELS[:500]), POLICY)

        assert not decision.promote


class TestBestEarlierChampion:
    """Small steps down add up."""

    best = evidence(SHARED, "1")
    champion = evidence(SHARED | wrong(7, 7), "5")
    candidate = evidence(SHARED | wrong(7, 9), "6")

    def test_a_step_down_that_is_not_worse_than_the_last_is_worse_than_the_best(self):
        assert decide(self.candidate, self.champion, POLICY).promote

        decision = decide(self.candidate, self.champion, POLICY, reference=self.best)

        assert (decision.verdict, decision.promote) == (Verdict.WORSE, False)
        assert decision.reasons[0].startswith("Against version 1, the best earlier champion:")

    def test_a_candidate_as_good_as_the_best_is_promoted(self):
        decision = decide(evidence(SHARED, "6"), self.champion, POLICY, reference=self.best)

        assert decision.promote

    def test_one_measured_on_other_images_is_not_compared(self):
        best = replace(self.best, images_digest="6" * 64)

        assert decide(self.candidate, self.champion, POLICY, reference=best).promote


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"images_digest": ""}, "no digest"),
        ({"writers": WRITERS[:-1]}, "one writer per label"),
        ({"slices": {"thin": np.zeros(IMAGES, bool)}}, "thin.*at least one"),
        ({"slices": {"thin": np.ones(3, bool)}}, "thin"),
        ({"slices": {"thin": np.ones(IMAGES)}}, "thin.*float64"),
        ({"corruptions": {"fog": 1.2}}, "fog"),
        ({"corruptions": {"fog": float("nan")}}, "fog.*nan"),
    ],
)
def test_evidence_that_cannot_be_is_refused(broken, message):
    with pytest.raises(InvalidEvaluation, match=message):
        evidence({}, **broken)


def test_a_decision_survives_json():
    champion = evidence(SHARED | wrong(5, 14), "1", writers=WRITERS)
    decision = decide(evidence(SHARED, writers=WRITERS, holdout_uses=3), champion, POLICY)

    stored = json.dumps(decision.as_dict(), allow_nan=False)

    assert Decision.from_dict(json.loads(stored)) == decision
