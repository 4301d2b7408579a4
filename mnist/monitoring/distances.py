"""How far two samples are apart: population stability index, Kolmogorov-Smirnov, chi-squared."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, combine_pvalues, ks_2samp

from mnist.digits import CLASSES

Values = NDArray[np.float64]
"""One number per image, shape (n,), without NaN."""

Counts = NDArray[np.int64]
"""How many images fell into each of k classes, shape (k,)."""

_BINS = 10
_PSEUDO_COUNT = 0.5
_TINY = 1e-300  # a p-value that was rounded to 0 has no logarithm


def cells(reference: Values, current: Values) -> tuple[Counts, Counts]:
    """Count two samples over the same cells, which the reference alone decides."""
    then, now = cell_numbers(reference, current)
    size = int(max(then.max(initial=-1), now.max(initial=-1))) + 1
    return np.bincount(then, minlength=size), np.bincount(now, minlength=size)


def cell_numbers(reference: Values, current: Values) -> tuple[Counts, Counts]:
    """Number the cell of each value, from 0.

    Ten cells of equal share of the reference; where it has no more than ten values, as with the
    size of pictures from one scanner, one cell for each value and one for all others.
    """
    values = np.unique(reference)
    if len(values) <= _BINS:
        return _by_value(reference, values), _by_value(current, values)
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return (
        np.searchsorted(edges, reference, side="left"),
        np.searchsorted(edges, current, side="left"),
    )


def population_stability(reference: Counts, current: Counts) -> float:
    """Give the population stability index of two countings of the same cells.

    The symmetric Kullback-Leibler divergence of the two shares. By convention below 0.1 is no
    change worth a word and 0.25 and above is a change. Every cell counts half an image more than
    it has, so that an empty one does not make it infinite.
    """
    old = (reference + _PSEUDO_COUNT) / (reference.sum() + _PSEUDO_COUNT * len(reference))
    new = (current + _PSEUDO_COUNT) / (current.sum() + _PSEUDO_COUNT * len(current))
    return float(((new - old) * np.log(new / old)).sum())


def stability_within(
    reference: Values, reference_digits: Counts, current: Values, current_digits: Counts
) -> float:
    """Give the population stability index of a measure as if the digits had come in equal shares.

    Each row of the reference counts so that its digit has the share that it has now.

    Args:
        reference: Values of n rows.
        reference_digits: Digit of each, 0-9, shape (n,).
        current: Values of m rows.
        current_digits: Digit of each, shape (m,).
    """
    then = np.bincount(reference_digits, minlength=CLASSES) / len(reference_digits)
    now = np.bincount(current_digits, minlength=CLASSES) / len(current_digits)
    both = (then > 0) & (now > 0)
    weights = np.where(both, now, 0) / np.where(both, then, 1)
    kept = both[current_digits]
    if not kept.any():
        return 0.0
    cell_then, cell_now = cell_numbers(reference, current[kept])
    size = int(max(cell_then.max(), cell_now.max())) + 1
    weighted = np.bincount(cell_then, weights=weights[reference_digits], minlength=size)
    return population_stability(weighted, np.bincount(cell_now, minlength=size))


def fisher(p_values: Sequence[float]) -> float:
    """Combine p-values of independent tests of one question (Fisher 1932)."""
    return (
        float(combine_pvalues(np.maximum(p_values, _TINY), method="fisher").pvalue)
        if len(p_values)
        else 1.0
    )


def kolmogorov_smirnov(reference: Values, current: Values) -> tuple[float, float]:
    """Give the largest distance of the two distribution functions, and its p-value.

    The p-value is asymptotic; with ties it is too large, never too small.
    """
    result = ks_2samp(reference, current, method="asymp")
    return float(result.statistic), float(result.pvalue)


def chi_squared(reference: Counts, current: Counts) -> float:
    """Give the p-value of Pearson's chi-squared test that both have the same shares.

    Classes that neither side has are left out; with less than two classes the p-value is 1.
    """
    table = np.array([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    return float(chi2_contingency(table, correction=False).pvalue)


def _by_value(sample: Values, values: Values) -> Counts:
    position = np.searchsorted(values, sample)
    inside = np.minimum(position, len(values) - 1)
    return np.where(values[inside] == sample, inside, len(values))
