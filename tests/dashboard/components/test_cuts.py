"""What a browser sends for cuts is checked."""

import pytest

from dashboard.components.cuts import MOST_CUTS, checked_cuts


def test_cuts_are_put_in_order():
    assert checked_cuts([0.7, 0.2, 1], [0.5]) == [0.2, 0.7, 1.0]
    assert checked_cuts([], [0.5]) == []


@pytest.mark.parametrize(
    "sent",
    [None, "0.2", {"0": 1}, [0.2, "x"], [1.2], [-0.1], [float("nan")], [0.5] * (MOST_CUTS + 1)],
)
def test_what_is_nothing_like_cuts_changes_none(sent):
    assert checked_cuts(sent, [0.5]) == [0.5]
