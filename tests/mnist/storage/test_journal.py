"""The journal of promotions: who is champion by it, and where a step back leads."""

import pytest

from mnist.storage.journal import lineage, promoted_last, were_champions
from tests.journals import journal


@pytest.mark.parametrize(
    ("decisions", "champion", "line"),
    [
        ([], None, []),
        (["refused 1"], None, []),
        (["promoted 1"], "1", ["1"]),
        (["promoted 1", "refused 2"], "1", ["1"]),
        (["promoted 1", "promoted 2"], "2", ["1", "2"]),
        (["promoted 1", "promoted 2", "rolled-back 1"], "1", ["1"]),
        (["promoted 1", "promoted 2", "promoted 3", "rolled-back 2"], "2", ["1", "2"]),
        (["promoted 1", "promoted 2", "promoted 3", "rolled-back 1"], "1", ["1"]),
        (["promoted 1", "promoted 2", "rolled-back 1", "promoted 3"], "3", ["1", "3"]),
        # Back to what had been undone: a person named it, so it counts again.
        (["promoted 1", "promoted 2", "rolled-back 1", "rolled-back 2"], "2", ["1", "2"]),
        (["promoted 1", "promoted 2", "promoted 1"], "1", ["1", "2", "1"]),
        # A flow that ran twice.
        (["promoted 1", "promoted 1"], "1", ["1"]),
    ],
)
def test_the_champion_and_the_steps_back(decisions, champion, line):
    entries = journal(*decisions)
    assert promoted_last(entries) == champion
    assert lineage(entries) == line
    assert lineage(entries)[-1:] == ([champion] if champion else [])


def test_two_steps_back_never_come_forward_again():
    entries = journal("promoted 1", "promoted 2", "promoted 3", "rolled-back 2")
    assert lineage(entries)[-2] == "1"


def test_every_champion_ever_is_on_record():
    entries = journal("promoted 1", "refused 4", "promoted 2", "rolled-back 1", "promoted 2")
    assert were_champions(entries) == ["1", "2"]
