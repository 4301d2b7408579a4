"""The decision report: verdict first, every number, and words for people."""

import json

import numpy as np
import pytest

from mnist.promotion import Decision, Policy, Replay, decide, refuse, report
from tests.planted import IMAGES, WRITERS, confusion, evidence, wrong

SHARED = wrong(0, 30)


def inconclusive(policy=None, **fields):
    champion = evidence(SHARED | wrong(5, 14), "1", writers=WRITERS)
    candidate = evidence(SHARED | wrong(7, 20), writers=WRITERS, **fields)
    return decide(candidate, champion, policy or Policy())


def test_the_verdict_comes_first():
    first, _, meaning, *_ = report(inconclusive()).splitlines()

    assert first == "# Verdict: inconclusive - do not promote"
    assert "does not tell whether the candidate is worse" in meaning
    assert "no ground to promote" in meaning


def test_a_promotion_says_so():
    decision = decide(evidence(SHARED), evidence(SHARED | wrong(5, 40), "1"), Policy())

    assert report(decision).startswith("# Verdict: better - promote\n")


def test_names_both_models_and_their_accuracies():
    assert (
        "Candidate: digits version 2, accuracy 99.50% of 10,000 images; "
        "champion: digits version 1, accuracy 99.56% of 10,000 images." in report(inconclusive())
    )


def test_shows_the_paired_test_the_interval_and_what_could_be_detected():
    decision = inconclusive()
    numbers = decision.evidence["comparison"]["as_given"]

    text = report(decision)

    assert "| right only by the candidate | 14 |" in text
    assert "| right only by the champion | 20 |" in text
    assert f"{numbers['difference']['low']:+.4f} to {numbers['difference']['high']:+.4f}" in text
    assert (
        f"| smallest difference usually detected | {numbers['smallest_detectable']:.4f} |" in text
    )
    assert "draw whole writers, 250 of them" in text


def test_says_when_intervals_take_images_as_independent():
    decision = decide(evidence(SHARED), evidence(SHARED, "1"), Policy())

    assert "their writers are unknown" in report(decision)


def test_failed_checks_stand_first_in_their_table():
    champion = evidence(SHARED | wrong(5, 50), "1")
    decision = decide(evidence(SHARED | confusion(7, 2, 12)), champion, Policy())

    table = report(decision).split("## Checks against the champion")[1]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]

    assert rows[0].startswith("| 7 predicted as 2 | **failed** |")
    assert sum("**failed**" in row for row in rows) == 1


def test_every_check_is_in_the_report():
    decision = inconclusive()

    text = report(decision)

    assert all(check["sentence"] in text for check in decision.evidence["checks"])


def test_known_label_errors_are_shown_as_given_corrected_and_left_out():
    text = report(inconclusive(label_errors={0: 6, 100: None}))

    assert "1 test label is known to be wrong, 1 shows no certain digit" in text
    assert "| accuracy | labels as given | corrected | ambiguous left out |" in text
    assert "| verdict on accuracy | inconclusive | inconclusive |" in text
    assert "| images | 10,000 | 9,999 |" in text


def test_a_first_model_is_not_said_to_have_been_compared():
    text = report(decide(evidence(SHARED), None, Policy()))

    assert text.startswith("# Verdict: not worse - promote\n\nThere is no champion to compare")
    assert "on the same images" not in text


def test_a_refusal_is_a_report_too():
    text = report(refuse("The champion, version 7, no longer loads.", Policy()))

    assert "do not promote" in text
    assert "- The champion, version 7, no longer loads." in text


def test_changed_limits_are_named():
    text = report(inconclusive(Policy(version="ours", margin=0.001)))

    assert "Policy ours; changed from the defaults: version = ours, margin = 0.001." in text
    assert "changed" not in report(inconclusive()).split("## Fine print")[1]


@pytest.mark.parametrize(("uses", "warned"), [(0, False), (19, False), (20, True)])
def test_tells_how_often_the_images_have_decided(uses, warned):
    text = report(inconclusive(holdout_uses=uses))

    assert f"decided {uses} time" in text
    assert ("fit them by chance" in text) is warned


def test_reads_the_same_after_a_trip_through_json():
    decision = inconclusive(holdout_uses=1, label_errors={0: 6})

    stored = Decision.from_dict(json.loads(json.dumps(decision.as_dict())))

    assert report(stored) == report(decision)


def test_tables_are_well_formed():
    """Every row of a table has as many cells as its head."""
    cells = 0
    for line in report(inconclusive(label_errors={0: 6})).splitlines():
        if not line.startswith("|"):
            cells = 0
            continue
        cells = cells or line.count("|")
        assert line.count("|") == cells, line


def test_shows_which_production_images_change_and_under_which_keys():
    replay = Replay(500, {(4, 9): 2, (1, 7): 1}, 0.95, 0.96, {(4, 9): ["b/1.png", "b/2.png"]})
    text = report(decide(evidence({}, replay=replay), evidence({}, "1"), Policy()))
    assert "Of the last 500 images, the candidate predicts for 3 without a label" in text
    assert "95.0% under the champion, 96.0% under the candidate" in text
    assert "| 4 | 9 | 2 | `b/1.png` `b/2.png` |" in text


def test_a_hostile_key_breaks_no_table():
    key = "b/`x` | <script>\n| y"
    replay = Replay(500, {(4, 9): 1}, 0.95, 0.95, {(4, 9): [key]})
    text = report(decide(evidence({}, replay=replay), evidence({}, "1"), Policy()))
    assert "| 4 | 9 | 1 | `b/?x? ? <script>?? y` |" in text


def test_a_slice_without_a_floor_is_not_said_to_have_passed_one_of_zero():
    candidate = evidence({}, slices={"thin": np.arange(IMAGES) < 900})
    text = report(decide(candidate, None, Policy()))
    assert "Accuracy on the slice thin is 1.0000; no floor is set." in text
