"""How far a network's answers to one digit have moved: shapes that no other measure tells apart.

What a network thinks of the nine other digits says how a digit is written: a slanted 7 is a little
more of a 1 than an upright one. Within each digit these nine numbers are projected on the direction
in which they have moved. A fifth of the rows is projected on what the other four fifths show, so
rows of the same people show nothing: a two-sample test by a linear classifier (Lopez-Paz and Oquab
2017, arXiv 1610.06545).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mnist.digits import CLASSES
from mnist.monitoring.distances import Values
from mnist.monitoring.measures import ANSWERS, Measure, values_of
from mnist.tables import PROBABILITY_COLUMNS

Side = tuple[Values, NDArray[np.int64]]
"""The value of each row, and its digit."""

_FOLDS = 5

_LEAST_OF_DIGIT = 24
"""Rows of a digit that both sides need."""

_LEAST_PROBABILITY = 1e-7
_LEAST_SPREAD = 1e-3


def values_beside(measure: Measure, reference: pa.Table, current: pa.Table) -> tuple[Side, Side]:
    """Take the values of a measure from the reference and from now, with the digits.

    Args:
        measure: One of `mnist.monitoring.measures`.
        reference: Rows with its columns.
        current: The same.
    """
    if measure is not ANSWERS:
        return values_of(measure, reference), values_of(measure, current)
    random = np.random.default_rng(0)
    sides: tuple[list[Side], list[Side]] = [], []
    then, now = _answers(reference), _answers(current)
    for digit in range(CLASSES):
        pair = [random.permutation(_of_digit(side, digit)) for side in (then, now)]
        if min(map(len, pair)) < _LEAST_OF_DIGIT:
            continue
        for side, values in zip(sides, _along_shift(*pair), strict=True):
            side.append((values, np.full(len(values), digit)))
    return _joined(sides[0]), _joined(sides[1])


def _answers(rows: pa.Table) -> NDArray[np.float64]:
    columns = [
        rows[name].cast(pa.float64()).fill_null(np.nan).to_numpy() for name in PROBABILITY_COLUMNS
    ]
    answers = np.stack(columns, axis=1)
    return np.asarray(answers[np.isfinite(answers).all(axis=1)], np.float64)


def _of_digit(answers: NDArray[np.float64], digit: int) -> NDArray[np.float64]:
    """Give the logarithms for the other digits, shape (k, 9), however sure the network is."""
    chosen = answers[answers.argmax(axis=1) == digit]
    logs = np.log(np.maximum(np.delete(chosen, digit, axis=1), _LEAST_PROBABILITY))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def _along_shift(then: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[Values, Values]:
    """Project each fold on the shift that the others show, in units of the reference."""
    mean = then.mean(axis=0)
    _, spread, axes = np.linalg.svd((then - mean) / np.sqrt(len(then)), full_matrices=False)
    whiten = axes.T / (spread + _LEAST_SPREAD)
    sides = (then - mean) @ whiten, (now - mean) @ whiten
    folds = [np.arange(len(side)) % _FOLDS for side in sides]
    projected = [np.empty(len(side)) for side in sides]
    for fold in range(_FOLDS):
        before, after = (side[f != fold].mean(axis=0) for side, f in zip(sides, folds, strict=True))
        length = max(float(np.linalg.norm(after - before)), _LEAST_SPREAD)
        for values, side, number in zip(projected, sides, folds, strict=True):
            values[number == fold] = side[number == fold] @ (after - before) / length
    return projected[0], projected[1]


def _joined(parts: list[Side]) -> Side:
    if not parts:
        return np.empty(0), np.empty(0, np.int64)
    values, digits = zip(*parts, strict=True)
    return np.concatenate(values), np.concatenate(digits)
