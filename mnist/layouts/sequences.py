"""What the line network says of a value: connectionist temporal classification.

The network says for each step along the line how probable each digit is there, and "none of them";
a value has the sum over all ways to spread its digits over the steps (Graves et al. 2006).
"""

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES

LineScores = NDArray[np.float32]
"""Logarithms of probabilities, shape (steps, 11): of no digit, then of the digits 0 to 9."""

ANSWERS = CLASSES + 1
"""No digit, and the digits."""

_NONE = 0


def log_probability(scores: LineScores, digits: tuple[int, ...]) -> float:
    """Logarithm of the probability of a value, summed over all ways to place its digits."""
    symbols = np.zeros(2 * len(digits) + 1, np.intp)
    symbols[1::2] = np.asarray(digits, np.intp) + 1
    # A digit may follow the one before at once if it is another one.
    skips = np.zeros(len(symbols), bool)
    skips[3::2] = symbols[3::2] != symbols[1:-2:2]
    sums = np.full(len(symbols), -np.inf)
    sums[:2] = scores[0, symbols[:2]]
    for step in scores[1:].astype(np.float64):
        ways = sums.copy()
        ways[1:] = np.logaddexp(ways[1:], sums[:-1])
        ways[2:][skips[2:]] = np.logaddexp(ways[2:], sums[:-2])[skips[2:]]
        sums = ways + step[symbols]
    return float(np.logaddexp.reduce(sums[-2:]))


def most_probable(scores: LineScores, count: int | None) -> tuple[int, ...]:
    """Find the value whose best way to place its digits is the most probable.

    Args:
        scores: Of the line.
        count: How many digits it has; None if any number will do.

    Returns:
        Its digits; of fewer than `count` where the line is too short for so many.
    """
    if count is None:
        best = scores.argmax(axis=1)
        changes = np.flatnonzero(np.diff(best, prepend=_NONE))
        return tuple(int(symbol) - 1 for symbol in best[changes] if symbol != _NONE)
    return _best_of_length(scores.astype(np.float64), min(count, (len(scores) + 1) // 2))


def _best_of_length(scores: NDArray[np.float64], count: int) -> tuple[int, ...]:
    """Follow the best path (Viterbi) through states: digits so far, and the last symbol."""
    totals = np.full((count + 1, ANSWERS), -np.inf)
    totals[0, _NONE] = 0.0
    symbols = np.arange(ANSWERS)
    came_from = np.empty((len(scores), count + 1, ANSWERS), np.int8)
    for number, step in enumerate(scores):
        new = np.where(symbols == _NONE, -np.inf, totals)  # the same digit goes on
        source = np.broadcast_to(symbols, totals.shape).copy()
        # No digit follows anything.
        new[:, _NONE], source[:, _NONE] = totals.max(axis=1), totals.argmax(axis=1)
        # A new digit follows no digit, or another one; -1 - symbol says that it is new.
        order = np.argsort(-totals, axis=1)[:, :2]
        first, second = (np.take_along_axis(totals, order[:, [n]], axis=1)[:-1] for n in (0, 1))
        is_same = order[:-1, [0]] == symbols
        before = np.where(is_same, second, first)
        begins = (before > new[1:]) & (symbols != _NONE)
        chosen = np.where(is_same, order[:-1, [1]], order[:-1, [0]])
        new[1:][begins], source[1:][begins] = before[begins], (-1 - chosen)[begins]
        came_from[number] = source
        totals = new + step
    return _backwards(came_from, count, int(totals[count].argmax()))


def _backwards(came_from: NDArray[np.int8], count: int, symbol: int) -> tuple[int, ...]:
    digits: list[int] = []
    for sources in came_from[::-1]:
        source = int(sources[count, symbol])
        if source < 0:
            digits.append(symbol - 1)
            source, count = -1 - source, count - 1
        symbol = source
    return tuple(reversed(digits))
