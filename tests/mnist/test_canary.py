"""What a canary scores, and what shows that it is worse."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mnist.canary import draw_choice, named
from mnist.promotion.canary_checks import (
    ALPHA,
    CanaryAudits,
    images_of_look,
    judge_canary,
)
from mnist.promotion.evidence import Replay
from tests.journals import canary_terms

TERMS = canary_terms(least_images=1_000)


def replay(images=1_000, **values):
    usual = {
        "images": images,
        "flips": {},
        "accepted_before": 0.8,
        "accepted_after": 0.8,
        "newly_accepted": 0,
        "no_longer_accepted": 0,
    }
    return Replay(**(usual | values))


def failed(seen, audits=None, *, is_last=True):
    checks = judge_canary(seen, audits or CanaryAudits(), TERMS, 0.002, is_last=is_last)
    return [check.name for check in checks if check.failed]


def test_the_choice_is_stable_and_about_the_share_of_the_names():
    names = [f"scan-{number}" for number in range(5_000)]
    chosen = [name for name in names if TERMS.chooses(name)]
    assert 900 < len(chosen) < 1_100
    assert chosen == [name for name in names if TERMS.chooses(name)]
    other = TERMS.model_copy(update={"seed": "t"})
    assert chosen != [name for name in names if other.chooses(name)]


def test_all_batches_of_a_source_go_the_same_way():
    terms = TERMS.model_copy(update={"by": "source", "share": 0.5, "sources": "post-,bank-"})
    for source in ("post-", "bank-"):
        assert len({terms.chooses(f"{source}{number}") for number in range(50)}) == 1


SEEDS = [f"seed-{number}" for number in range(64)]


@pytest.mark.parametrize(
    ("batches", "declared", "unit"),
    [
        ([], None, "batch"),
        (["post-1", "post-2"], "post-", "batch"),  # one source: it would take all or nothing
        (["post-1", "bank-1"], "post-,bank-", "source"),
        ([f"b{number}" for number in range(50)], None, "source"),
    ],
)
def test_a_store_whose_sources_cannot_be_parted_is_chosen_from_by_batch(batches, declared, unit):
    assert draw_choice(dict.fromkeys(batches, 10), declared, 0.2, SEEDS)[1] == unit


def test_of_few_sources_those_are_drawn_that_come_closest_to_the_share_of_the_images():
    images_of = {"post-1": 700, "bank-1": 150, "bank-2": 50, "shop-1": 60, "town-1": 40}
    seed, unit = draw_choice(images_of, "post-,bank-,shop-,town-", 0.2, SEEDS)
    terms = TERMS.model_copy(
        update={"seed": seed, "by": unit, "sources": "post-,bank-,shop-,town-"}
    )
    assert [batch for batch in images_of if terms.chooses(batch)] == ["bank-1", "bank-2"]


def test_a_name_that_is_no_unicode_is_chosen_like_any_other():
    assert TERMS.chooses("scan-\udcff") in {True, False}


def test_looks_come_with_each_fifth_of_the_least_number():
    looks = [images_of_look(scored, 1_000) for scored in (0, 199, 200, 399, 999, 1_000, 10**6)]
    assert looks == [0, 0, 200, 200, 800, 1_000, 1_000]
    assert images_of_look(7, 6) == 6


def test_equal_versions_are_not_told_apart():
    assert failed(replay()) == []


def test_better_acceptance_never_takes_a_canary_off():
    better = replay(accepted_after=1.0, newly_accepted=1_000)
    assert failed(better) == []


def test_a_drop_of_acceptance_counts_beyond_the_tolerance():
    assert failed(replay(accepted_after=0.77, no_longer_accepted=30)) == []
    assert failed(replay(accepted_after=0.7, no_longer_accepted=100)) == ["acceptance"]


def test_a_drop_counts_by_what_it_adds_to_the_work_of_reviewing():
    """Seven points are a third more where a fifth is for review, and over twice of 5 %."""
    drop = {"no_longer_accepted": 70, "accepted_after": 0.0}
    assert failed(replay(accepted_before=0.8, **drop)) == []
    assert failed(replay(accepted_before=0.95, **drop)) == ["acceptance"]


def test_many_changed_digits_count_but_not_those_that_labels_show_to_be_right():
    assert failed(replay(flips={(4, 9): 60})) == []
    assert failed(replay(flips={(4, 9): 90})) == ["changed digits"]
    assert failed(replay(labelled=90, lost=90)) == ["changed digits"]
    assert failed(replay(labelled=90, gained=90)) == []


def test_audits_count_against_the_version_before():
    worse = CanaryAudits(images=100, lost=12, gained=1, accepted=50, wrong=0, wrong_before=0)
    assert failed(replay(), worse) == ["audits"]
    better = CanaryAudits(images=100, lost=1, gained=12)
    assert failed(replay(), better) == []


def test_a_broken_promise_counts_unless_the_version_before_breaks_it_as_well():
    wrong = CanaryAudits(images=300, lost=4, accepted=300, wrong=6, wrong_before=1)
    assert failed(replay(), wrong) == ["accepted and wrong"]
    both = CanaryAudits(images=300, accepted=300, wrong=6, wrong_before=6)
    assert failed(replay(), both) == []


def test_early_looks_take_more_to_convince():
    some = replay(images=200, flips={(4, 9): 22})
    assert failed(some, is_last=True) == ["changed digits"]
    assert failed(some, is_last=False) == []
    assert failed(replay(images=200, flips={(4, 9): 40}), is_last=False) == ["changed digits"]


def test_nothing_looked_at_shows_nothing():
    assert failed(replay(images=0)) == []


def test_an_equal_canary_is_taken_off_by_chance_less_often_than_promised():
    """All looks together, at the edge of what is tolerated: 5 % changed, acceptance 3 % lower."""
    generator = np.random.default_rng(5)
    alarms = 0
    for _ in range(400):
        changed = generator.random(1_000) < TERMS.changed_share
        lost = generator.random(1_000) < TERMS.acceptance_drop
        for look in range(200, 1_001, 200):
            seen = replay(
                look,
                flips={(4, 9): int(changed[:look].sum())},
                no_longer_accepted=int(lost[:look].sum()),
            )
            if failed(seen, is_last=look == 1_000):
                alarms += 1
                break
    assert alarms / 400 <= ALPHA + 0.02


def test_it_ends_after_its_longest_time():
    began = datetime(2026, 11, 27, tzinfo=UTC)
    assert TERMS.ends(began) == began + timedelta(days=3)


def test_many_batches_are_counted_rather_than_named():
    assert named([]) == "none with a receipt"
    assert named([f"b{number}" for number in range(7)]) == "b0, b1, b2, b3, b4 and 2 more"
