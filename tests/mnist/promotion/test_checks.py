"""The checks of a decision: each limit of the policy refuses what is beyond it, and says why."""

import numpy as np
import pytest

from mnist.evaluation.statistics import proportion_lower_bound, proportion_upper_bound
from mnist.promotion import Policy, Replay, Runtime, Sample, Verdict, decide
from mnist.promotion.checks import CheckList, at_least
from tests.planted import IMAGES, LABELS, confusion, evidence, wrong

POLICY = Policy()
SOUND = Runtime(parity=1e-6, finite=True, digest_matches=True, latency_p99_ms=0.2)


def replay(images, changed=0, **counts):
    """Make a replay in which so many images without a label change."""
    flips = {(4, 9): changed} if changed else {}
    return Replay(images, flips, accepted_before=0.95, accepted_after=0.95, **counts)


QUIET = Replay(images=1_000, flips={(4, 9): 5}, accepted_before=0.95, accepted_after=0.95)


def check(decision, name):
    by_name = {line["name"]: line for line in decision.evidence["checks"]}
    assert name in by_name, f"no check {name!r} among {sorted(by_name)}"
    return by_name[name]


def alone(misread=None, policy=POLICY, **fields):
    return decide(evidence(misread or {}, **fields), None, policy)


def test_a_decorated_function_is_a_gate_and_gates_are_asked_in_order():
    checks = CheckList[[float]]()

    @checks.gate
    def _positive(value):
        yield at_least("positive", value, 0.1, "It")

    @checks.gate
    def _large(value):
        yield at_least("large", value, 0.9, "It")

    assert [(c.name, c.status.value) for c in checks.run(0.5)] == [
        ("positive", "passed"),
        ("large", "failed"),
    ]


class TestFloors:
    """Limits that hold whoever is champion."""

    def test_too_few_images_decide_nothing(self):
        assert not alone(labels=LABELS[:299]).promote
        easy = Policy(class_recall_floor=0.5, confusion_rate_cap=0.5)
        assert alone(labels=LABELS[:300], policy=easy).promote

    def test_a_digit_that_hardly_occurs_is_not_judged(self):
        labels = LABELS.copy()
        labels[labels == 7] = 1
        labels[:9] = 7

        decision = alone(labels=labels)

        assert check(decision, "test images per digit")["sentence"] == (
            "The rarest digit, 7, has 9 images, fewer than the 10 needed."
        )
        assert not decision.promote

    def test_a_digit_that_does_not_occur_is_said_and_blocks(self):
        labels = np.where(LABELS == 7, 1, LABELS)

        assert "The rarest digit, 7, has 0 images" in " ".join(alone(labels=labels).reasons)

    def test_macro_f1(self):
        assert check(alone(wrong(0, 149)), "macro F1")["status"] == "passed"
        assert check(alone(wrong(0, 153)), "macro F1")["status"] == "failed"

    def test_f1_of_the_worst_digit(self):
        decision = alone({index: 3 for index in wrong(3, 400) if index % 10 in {8, 9}})

        assert check(decision, "lowest F1 of a digit")["status"] == "failed"
        assert "that of 3" in check(decision, "lowest F1 of a digit")["sentence"]

    def test_recall_of_the_worst_digit_counts_at_its_lower_bound(self):
        line = check(alone(confusion(5, 2, 20)), "lowest recall of a digit")

        assert line["value"] == pytest.approx(proportion_lower_bound(980, 1_000))
        assert "that of 5 (0.9800 measured)" in line["sentence"]
        assert line["status"] == "passed"
        assert check(alone(confusion(5, 2, 22)), line["name"])["status"] == "failed"

    def test_the_most_frequent_confusion_counts_at_its_upper_bound(self):
        line = check(alone(confusion(8, 0, 14)), "most frequent confusion")

        assert line["value"] == pytest.approx(proportion_upper_bound(14, 1_000))
        assert "8 predicted as 0 (14 of 1000 images)" in line["sentence"]
        assert line["status"] == "failed"
        assert check(alone(confusion(8, 0, 12)), line["name"])["status"] == "passed"

    @pytest.mark.parametrize("name", ["calibration error", "Brier score", "log loss"])
    def test_hesitant_confidences(self, name):
        assert check(alone(), name)["status"] == "passed"
        assert check(alone(confidence=0.8), name)["status"] == "failed"

    def test_an_unhappy_check_reaches_the_reasons(self):
        decision = alone(confidence=0.8)

        assert not decision.promote
        assert decision.reasons[0] == check(decision, "calibration error")["sentence"]


class TestSlices:
    """Parts of the test images, and sets of other images."""

    thin = LABELS == 3

    def test_a_slice_below_its_floor_blocks(self):
        policy = Policy(slice_floors={"thin": 0.99})

        assert alone(confusion(3, 8, 10), policy, slices={"thin": self.thin}).promote
        decision = alone(confusion(3, 8, 11), policy, slices={"thin": self.thin})
        assert "Accuracy on the slice thin is 0.9890, below" in decision.reasons[0]

    def test_a_floor_for_a_slice_nobody_measured_blocks(self):
        decision = alone(policy=Policy(slice_floors={"thin": 0.5}))

        assert not decision.promote
        assert "slice thin has a floor and was not measured" in decision.reasons[0]

    def test_a_slice_that_got_worse_makes_a_better_candidate_worse(self):
        champion = evidence(wrong(1, 60, step=10), "1", slices={"thin": self.thin})
        candidate = evidence(wrong(3, 9, step=10), slices={"thin": self.thin})

        decision = decide(candidate, champion, POLICY)

        assert decision.verdict is Verdict.WORSE
        assert decision.reasons[0].startswith("Slice thin against the champion: 0 images right")

    def test_ten_slices_asked_together_pay_for_the_asking(self):
        """Five losses in one slice are significant alone (p = .03), not among ten."""
        slices = {str(digit): digit == LABELS for digit in range(10)}
        misread = wrong(3, 5, step=10)

        def verdict(slices):
            champion = evidence({}, "1", slices=slices)
            return decide(evidence(misread, slices=slices), champion, POLICY)

        name = "slice 3 against the champion"
        assert check(verdict({"3": slices["3"]}), name)["status"] == "failed"
        assert check(verdict(slices), name)["status"] == "passed"

    def real(self, misread, digest="7" * 64):
        sample = evidence(misread, labels=LABELS[:400])
        return {"photos": Sample(sample.labels, sample.probabilities, digest)}

    def test_a_labelled_set_has_its_floor(self):
        policy = Policy(real_world_floors={"photos": 0.95})

        assert alone(policy=policy, labelled_sets=self.real(wrong(0, 8, step=1))).promote
        assert not alone(policy=policy, labelled_sets=self.real(wrong(0, 21, step=1))).promote
        assert not alone(policy=policy).promote

    def test_a_labelled_set_that_got_worse_makes_the_candidate_worse(self):
        champion = evidence({}, "1", labelled_sets=self.real({}))

        decision = decide(evidence({}, labelled_sets=self.real(wrong(0, 8, 1))), champion, POLICY)

        assert decision.verdict is Verdict.WORSE

    def large(self, misread, digest="7" * 64):
        sample = evidence(misread, labels=LABELS[:5_000])
        return {"scans": Sample(sample.labels, sample.probabilities, digest)}

    def test_a_large_set_must_exclude_a_loss_beyond_its_margin(self):
        """45 lost and 35 gained is no sign of a loss, and no proof that there is none."""
        champion = evidence({}, "1", labelled_sets=self.large(wrong(0, 35, 7)))

        decision = decide(
            evidence({}, labelled_sets=self.large(wrong(3, 45, 11))),
            champion,
            Policy(set_margin=0.0052),
        )

        name = "loss on labelled set scans"
        assert check(decision, "labelled set scans against the champion")["status"] == "passed"
        assert check(decision, name)["status"] == "failed"
        assert decision.verdict is Verdict.WORSE
        lenient = decide(evidence({}, labelled_sets=self.large(wrong(3, 45, 11))), champion, POLICY)
        assert check(lenient, name)["status"] == "passed"

    def test_a_small_set_decides_nothing_and_is_reported_with_intervals(self):
        """Three of 49 is an accident."""
        sample = evidence(wrong(0, 3, 1), labels=LABELS[:49])
        small = {"few": Sample(sample.labels, sample.probabilities, "7" * 64)}
        right = evidence({}, labels=LABELS[:49])
        champion = {"few": Sample(right.labels, right.probabilities, "7" * 64)}

        decision = decide(
            evidence({}, labelled_sets=small), evidence({}, "1", labelled_sets=champion), POLICY
        )

        line = check(decision, "loss on labelled set few")
        assert line["status"] == "not measured"
        assert "On 49 images of few accuracy is 0.9388 (0.8313 to 0.9872)" in line["sentence"]
        assert "Too few to exclude a loss of 0.0100, about" in line["sentence"]
        assert decision.verdict is not Verdict.WORSE

    def test_writers_widen_the_interval_of_a_set(self):
        """One writer whose every image is lost says little about others."""
        writers = np.arange(5_000) // 100
        lost = dict.fromkeys(range(30), 0) | wrong(0, 30, 1)

        def of(misread, known):
            sample = evidence(misread, labels=LABELS[:5_000])
            return {"scans": Sample(sample.labels, sample.probabilities, "7" * 64, known)}

        values = []
        for known in (None, writers):
            decision = decide(
                evidence({}, labelled_sets=of(lost, known)),
                evidence({}, "1", labelled_sets=of({}, known)),
                POLICY,
            )
            line = check(decision, "loss on labelled set scans")
            values.append(line["sentence"])
        assert values[0] != values[1]

    def test_different_labelled_images_are_not_compared(self):
        champion = evidence({}, "1", labelled_sets=self.real({}, digest="8" * 64))

        decision = decide(evidence({}, labelled_sets=self.real(wrong(0, 8, 1))), champion, POLICY)

        line = check(decision, "labelled set photos against the champion")
        assert line["status"] == "not measured"


class TestConfusions:
    """Watched pairs, one-sided, against the champion."""

    def test_a_pair_that_got_rarer_is_no_harm(self):
        champion = evidence(confusion(4, 9, 12), "1")

        assert decide(evidence({}), champion, POLICY).promote

    def test_other_images_confused_as_often_are_no_harm(self):
        champion = evidence(confusion(4, 9, 8), "1")

        line = check(
            decide(evidence(confusion(4, 9, 8, start=8)), champion, POLICY), "4 predicted as 9"
        )

        assert line["status"] == "passed"
        assert "8 images only by the candidate, 8 only by the champion" in line["sentence"]

    def test_ten_pairs_asked_together_pay_for_the_asking(self):
        champion = evidence({}, "1")
        one = Policy(confusion_pairs=((4, 9),))
        candidate = evidence(confusion(4, 9, 6))

        assert check(decide(candidate, champion, one), "4 predicted as 9")["status"] == "failed"
        assert check(decide(candidate, champion, POLICY), "4 predicted as 9")["status"] == "passed"

    def test_only_images_of_the_true_digit_count(self):
        champion = evidence({}, "1")

        line = check(decide(evidence(confusion(5, 9, 12)), champion, POLICY), "4 predicted as 9")

        assert line["value"] == 1.0


class TestDrawnPictures:
    """Lines of several digits, and pictures that are none."""

    def judged(self, lost, gained=0):
        before, after = (np.arange(300) >= 20 for _ in range(2))
        after[20 : 20 + lost] = False
        after[:gained] = True
        sides = evidence({}, drawn={"values": after}), evidence({}, "1", drawn={"values": before})
        return decide(*sides, POLICY)

    def test_many_that_only_the_champion_has_right_are_worse(self):
        decision = self.judged(lost=30)
        assert decision.verdict is Verdict.WORSE
        assert decision.reasons[0].startswith("Values against the champion: ")

    def test_as_many_gained_as_lost_are_not(self):
        assert self.judged(lost=6, gained=6).promote

    def test_the_checks_come_in_the_order_of_the_measurements(self):
        drawn = {f"kind {number}": np.ones(300, bool) for number in range(20)}
        decision = decide(evidence({}, drawn=drawn), evidence({}, "1", drawn=drawn), POLICY)
        checks = [check["name"] for check in decision.evidence["checks"]]
        assert [name for name in checks if name.startswith("kind")] == [
            f"{name} against the champion" for name in drawn
        ]

    def test_what_only_one_of_them_was_shown_is_not_compared(self):
        shown = np.zeros(300, bool)
        assert decide(evidence({}, drawn={"values": shown}), evidence({}, "1"), POLICY).promote


class TestCorruptions:
    """Robustness, alone and against the champion."""

    def test_floors(self):
        policy = Policy(corruption_mean_floor=0.8, corruption_worst_floor=0.5)

        assert alone(policy=policy, corruptions={"fog": 0.6, "shear": 1.0}).promote
        assert not alone(policy=policy, corruptions={"fog": 0.5, "shear": 1.0}).promote
        decision = alone(policy=policy, corruptions={"fog": 0.4, "shear": 1.0})
        assert any("the worst corruption, fog, is 0.4000" in reason for reason in decision.reasons)

    def against(self, candidate, champion, policy=POLICY):
        return decide(
            evidence({}, corruptions=candidate), evidence({}, "1", corruptions=champion), policy
        )

    def test_a_drop_in_the_mean_is_worse(self):
        champion = {"fog": 0.9, "shear": 0.9}

        assert self.against({"fog": 0.8, "shear": 0.86}, champion).promote
        assert self.against({"fog": 0.8, "shear": 0.82}, champion).verdict is Verdict.WORSE

    def test_a_drop_on_one_corruption_is_worse_whatever_the_mean(self):
        decision = self.against({"fog": 0.45, "shear": 1.0}, {"fog": 0.9, "shear": 0.5})

        assert decision.verdict is Verdict.WORSE
        assert decision.reasons[0] == (
            "Accuracy on fog, the corruption with the largest drop, goes from 0.9000 to 0.4500; "
            "only a drop of at most 0.4000 is allowed."
        )

    def test_other_corruptions_are_not_compared_and_block_where_required(self):
        candidate, champion = {"fog": 0.9}, {"shear": 0.9}

        line = check(self.against(candidate, champion), "corruptions against the champion")
        assert line["status"] == "not measured"
        assert not self.against(candidate, champion, Policy(required={"corruptions"})).promote

    def test_required_and_not_measured_blocks(self):
        assert alone().promote
        assert not alone(policy=Policy(required={"corruptions"})).promote


class TestOperation:
    """The scoring graph in its runtime, and images from production."""

    def test_a_sound_graph_passes(self):
        assert alone(
            policy=Policy(required={"runtime", "replay"}), runtime=SOUND, replay=QUIET
        ).promote

    @pytest.mark.parametrize(
        ("broken", "message"),
        [
            ({"parity": 1e-3}, "largest difference between trained model and scoring graph"),
            ({"finite": False, "parity": float("nan")}, "some probabilities are not finite"),
            ({"digest_matches": False}, "its bytes are not those recorded at training"),
            ({"latency_p99_ms": 51.0}, "99th percentile of one prediction in milliseconds is 51"),
        ],
    )
    def test_a_broken_graph_is_never_promoted(self, broken, message):
        runtime = Runtime(**{**vars(SOUND), **broken})

        decision = alone(runtime=runtime)

        assert not decision.promote
        assert message in " ".join(decision.reasons)

    def test_digits_that_surely_change_too_often_in_production_block(self):
        decision = alone(replay=replay(1_000, changed=31))

        assert not decision.promote
        assert "31 of 1,000 images without a label change, surely 2.25%" in decision.reasons[0]
        assert "no changed image has a label" in decision.reasons[0]

    def test_changes_that_may_be_chance_do_not_block(self):
        assert alone(replay=replay(1_000, changed=21)).promote

    def test_three_flips_of_49_decide_nothing(self):
        decision = alone(replay=replay(49, changed=3))

        assert decision.promote
        assert check(decision, "digits that change in production")["status"] == "not measured"

    def test_a_replay_that_is_too_small_blocks_where_one_is_required(self):
        policy = Policy(required={"replay"})

        assert not alone(policy=policy, replay=replay(49)).promote

    def test_changes_that_labels_show_to_be_corrections_do_not_block(self):
        learned = replay(1_000, changed=60, labelled=100, gained=30, lost=1)

        decision = alone(replay=learned)

        assert decision.promote
        assert "of 31 images with a label that change too, 1 were right before" in " ".join(
            c["sentence"] for c in decision.evidence["checks"]
        )

    def test_changes_of_which_labels_show_nothing_good_do_block(self):
        assert not alone(replay=replay(1_000, changed=60, labelled=100, gained=3, lost=4)).promote

    def test_changes_of_digits_that_the_champion_doubted_itself_do_not_block(self):
        doubtful = alone(replay=replay(5_000, changed=130, changed_confidence=0.6))

        assert doubtful.promote
        assert "the champion was 60% sure of their digits" in " ".join(
            c["sentence"] for c in doubtful.evidence["checks"]
        )
        assert not alone(replay=replay(5_000, changed=130, changed_confidence=0.95)).promote

    def test_labels_correct_what_the_champion_was_sure_of(self):
        """Half of 200 were right before: surely more than a tenth, surely less than all."""
        labelled = {"labelled": 300, "gained": 100, "lost": 100}

        assert alone(replay=replay(1_000, changed=30, changed_confidence=1.0, **labelled)).promote
        assert not alone(
            replay=replay(1_000, changed=80, changed_confidence=0.1, **labelled)
        ).promote

    def test_labelled_images_of_production_that_are_lost_block(self):
        worse = alone(replay=replay(500, labelled=200, gained=1, lost=9))

        assert not worse.promote
        assert (
            "1 right only by the candidate, 9 only by the champion; significantly worse"
            in (worse.reasons[0])
        )
        assert alone(replay=replay(500, labelled=200, gained=4, lost=5)).promote
        assert alone(replay=replay(500, labelled=200, gained=9, lost=1)).promote

    def test_a_sure_drop_in_acceptance_blocks_and_a_rise_does_not(self):
        assert not alone(replay=replay(1_000, no_longer_accepted=50)).promote
        assert alone(replay=replay(1_000, no_longer_accepted=35)).promote, "may be chance"
        assert alone(replay=replay(1_000, newly_accepted=50)).promote

    def test_a_drop_counts_by_what_it_adds_to_the_work_of_reviewing(self):
        """Seven points more for review are a third of 20 %, and 1.4 times 5 %."""
        drop = {"accepted_after": 0.0, "no_longer_accepted": 280}

        assert alone(replay=Replay(5_000, {}, accepted_before=0.8, **drop)).promote
        refused = alone(replay=Replay(5_000, {}, accepted_before=0.95, **drop))
        assert not refused.promote
        assert "where 5.00% are for review before" in refused.reasons[0]

    @pytest.mark.parametrize("required", ["runtime", "replay"])
    def test_what_is_required_and_missing_blocks(self, required):
        decision = alone(policy=Policy(required={required}))

        assert not decision.promote
        assert "The policy requires it." in decision.reasons[0]

    def test_a_replay_of_no_images_is_no_replay(self):
        empty = Replay(images=0, flips={}, accepted_before=0.0, accepted_after=0.0)

        assert check(alone(replay=empty), "replay of production images")["status"] == "not measured"


def test_what_was_not_measured_is_said():
    decision = decide(evidence({}), evidence({}, "1"), POLICY)

    assert decision.reasons[-1].startswith("Not measured, and not required by the policy:")
    assert check(decision, "test images")["value"] == IMAGES
