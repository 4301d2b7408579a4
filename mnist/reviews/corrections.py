"""What people corrected in a value, digit by digit."""

from enum import StrEnum
from typing import NamedTuple


class Change(StrEnum):
    """How a predicted value differs from the written one at one position."""

    REPLACED = "replaced"
    INSERTED = "inserted"
    DROPPED = "dropped"

    @property
    def sentence(self) -> str:
        """What it means, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Change.REPLACED: "Another digit or sign was predicted.",
    Change.INSERTED: "Something was predicted where nothing is written.",
    Change.DROPPED: "Something is written for which nothing was predicted.",
}


class Correction(NamedTuple):
    """One difference between a predicted value and the written one.

    Attributes:
        change: What the prediction did.
        position: Where, counted from 1 along the written value; of something inserted, the
            position that it was put before.
        predicted: The predicted sign; empty if it was dropped.
        written: The written one; empty if one was inserted.
    """

    change: Change
    position: int
    predicted: str
    written: str


def corrections(predicted: str, written: str) -> list[Correction]:
    """List the fewest changes that turn a written value into the predicted one, from the left.

    Of several ways with as few, replaced signs come before inserted and dropped ones, because
    errors at one position are what people can act upon.
    """
    costs = _distances(predicted, written)
    changes = []
    i, j = 0, 0
    while i < len(predicted) or j < len(written):
        is_same = i < len(predicted) and j < len(written) and predicted[i] == written[j]
        if is_same and costs[i][j] == costs[i + 1][j + 1]:
            i, j = i + 1, j + 1
        elif i < len(predicted) and j < len(written) and costs[i][j] == costs[i + 1][j + 1] + 1:
            changes.append(Correction(Change.REPLACED, j + 1, predicted[i], written[j]))
            i, j = i + 1, j + 1
        elif i < len(predicted) and costs[i][j] == costs[i + 1][j] + 1:
            changes.append(Correction(Change.INSERTED, j + 1, predicted[i], ""))
            i += 1
        else:
            changes.append(Correction(Change.DROPPED, j + 1, "", written[j]))
            j += 1
    return changes


def _distances(predicted: str, written: str) -> list[list[int]]:
    """Count the changes (Levenshtein 1966) from each pair of positions to the ends."""
    rows, columns = len(predicted), len(written)
    costs = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows, -1, -1):
        for j in range(columns, -1, -1):
            if i == rows or j == columns:
                costs[i][j] = rows - i + columns - j
                continue
            same = costs[i + 1][j + 1] + (predicted[i] != written[j])
            costs[i][j] = min(same, costs[i + 1][j] + 1, costs[i][j + 1] + 1)
    return costs
