"""How far two samples are apart: population stability index, Kolmogorov-Smirnov, chi-squared."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp

Values = NDArray[np.float64]
"""One number per image, shape (n,), without NaN."""

Counts = NDArray[np.int64]
"""How many images fell into each of k classes, shape (k,)."""

_BINS = 10
_PSEUDO_COUNT = 0.5


def cells(reference: Values, current: Values) -> tuple[Counts, Counts]:
    """Count two samples over the same cells, which the reference alone decides.

    Ten cells of equal share of the reference; where it has no more than ten values, as with the
    size of pictures from one scanner, one cell for each value and one for all others.
    """
    values = np.unique(reference)
    if len(values) <= _BINS:
        return _by_value(reference, values), _by_value(current, values)
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))
    size = len(edges) + 1
    return (
        np.bincount(np.searchsorted(edges, reference, side="left"), minlength=size),
        np.bincount(np.searchsorted(edges, current, side="left"), minlength=size),
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
    cell = np.where(values[inside] == sample, inside, len(values))
    return np.bincount(cell, minlength=len(values) + 1)
