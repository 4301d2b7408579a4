"""Statistics of two models on the same images: tests and intervals.

`differences` below are per image, candidate minus champion: +1 where only the candidate is
right, -1 where only the champion is, 0 elsewhere. Positive is good for the candidate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

Flags = NDArray[np.bool_]
"""One yes or no per image, shape (n,)."""

Values = NDArray[np.float64]
"""One number per image, shape (n,)."""

Groups = NDArray[np.int64]
"""Who wrote each image, shape (n,); any numbers, equal for the same writer."""

_BLOCK = 200


@dataclass(frozen=True)
class PairedTest:
    """An exact McNemar test.

    Attributes:
        gained: Images that only the candidate predicts correctly.
        lost: Images that only the champion predicts correctly.
        p_value: Two-sided, that gains and losses were equally likely.
        p_better: One-sided, against "the candidate is not better".
        p_worse: One-sided, against "the candidate is not worse".
    """

    gained: int
    lost: int
    p_value: float
    p_better: float
    p_worse: float


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval; `low` and `high` are in the unit of the estimate."""

    estimate: float
    low: float
    high: float


def mcnemar(gained: int, lost: int) -> PairedTest:
    """Test whether two models differ, from the images on which just one of them is right.

    Under equal error rates gains are Binomial(gained + lost, 1/2); exact (McNemar 1947;
    Dietterich 1998 recommends it for comparing classifiers on one test set). Images are taken
    as independent.
    """
    discordant = gained + lost
    if discordant == 0:
        return PairedTest(gained=0, lost=0, p_value=1.0, p_better=1.0, p_worse=1.0)
    p_value, p_better, p_worse = (
        float(binomtest(gained, discordant, 0.5, alternative=side).pvalue)
        for side in ("two-sided", "greater", "less")
    )
    return PairedTest(gained, lost, p_value, p_better, p_worse)


def bootstrap_interval(
    differences: Values,
    *,
    groups: Groups | None = None,
    confidence: float = 0.95,
    replicates: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return a percentile bootstrap interval of the mean difference (Efron 1979).

    With `groups` whole writers are drawn, not images (the cluster bootstrap; Davison and
    Hinkley 1997, section 3.8), because one writer's images tend to be right or wrong together.

    Args:
        differences: Per image, shape (n,), n > 0.
        groups: Writer of each image, shape (n,), or None to take images as independent.
        confidence: Two-sided coverage, 0-1.
        replicates: Bootstrap samples, > 0.
        seed: The same seed gives the same interval.
    """
    generator = np.random.default_rng(seed)
    if groups is None:
        means = _means_of_images(differences, replicates, generator)
    else:
        means = _means_of_groups(differences, groups, replicates, generator)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(differences.mean()), float(low), float(high))


def _means_of_images(
    differences: Values, replicates: int, generator: np.random.Generator
) -> Values:
    images = len(differences)
    values, counts = np.unique(differences, return_counts=True)
    if len(values) <= 64:  # +1, 0, -1: drawing how often each occurs is the same and far faster
        drawn = generator.multinomial(images, counts / images, size=replicates)
        return np.asarray(drawn @ values / images)
    means = [
        differences[generator.integers(0, images, (min(_BLOCK, replicates - done), images))].mean(1)
        for done in range(0, replicates, _BLOCK)
    ]
    return np.concatenate(means)


def _means_of_groups(
    differences: Values, groups: Groups, replicates: int, generator: np.random.Generator
) -> Values:
    _, member = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(member, weights=differences), np.bincount(member)
    drawn = generator.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=replicates)
    return np.asarray((drawn @ sums) / (drawn @ sizes))


def design_effect(differences: Values, groups: Groups) -> float:
    """Return how many times wider writers make the variance of the mean difference, >= 1.

    Variance between writers (linearised ratio estimator; Cochran 1977, section 6.3) over the
    variance as if images were independent; 1.0 where nothing differs.
    """
    _, member = np.unique(groups, return_inverse=True)
    count, images = int(member.max()) + 1, len(differences)
    residuals = np.bincount(member, weights=differences - differences.mean())
    independent = float(differences.var()) * images
    if independent == 0 or count < 2:
        return 1.0
    clustered = float((residuals**2).sum()) * count / (count - 1)
    return max(1.0, clustered / independent)


def score_interval(
    gained: float, lost: float, images: float, *, confidence: float = 0.95
) -> Interval:
    """Return Tango's score interval of the paired difference in accuracy (Tango 1998).

    Unlike the bootstrap it keeps its coverage with few or no discordant images: with none it is
    ± z² / (n + z²), not ± 0. Counts may be fractions, after division by a design effect.
    """
    estimate = (gained - lost) / images
    quantile = float(norm.ppf((1 + confidence) / 2))

    def distance(delta: float, sign: float) -> float:
        return _tango(gained, lost, images, delta) - sign * quantile

    edge = 1 - 1e-12
    low = brentq(distance, -edge, estimate, args=(1,)) if estimate > -edge else -1.0
    high = brentq(distance, estimate, edge, args=(-1,)) if estimate < edge else 1.0
    return Interval(estimate, float(low), float(high))


def p_of_drop(gained: float, lost: float, images: float, drop: float) -> float:
    """Return the one-sided p-value against "the rate has dropped by no more than `drop`".

    Tango's score test (Tango 1998), which the interval above inverts.

    Args:
        gained: Images that count only after.
        lost: Images that counted only before.
        images: All of them, > 0.
        drop: The tolerated drop, 0-1.
    """
    return float(norm.cdf(_tango(gained, lost, images, -drop)))


def _tango(gained: float, lost: float, images: float, delta: float) -> float:
    """Return Tango's standardised distance between the observed difference and `delta`."""
    linear = -gained - lost + (2 * images - gained + lost) * delta
    constant = -lost * delta * (1 - delta)
    root = math.sqrt(max(linear**2 - 8 * images * constant, 0.0))
    lost_share = (root - linear) / (4 * images)
    variance = images * (2 * lost_share + delta * (1 - delta))
    excess = gained - lost - images * delta
    if variance <= 0:
        return 0.0 if excess == 0 else math.copysign(math.inf, excess)
    return excess / math.sqrt(variance)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for having asked several questions (Holm 1979), in order.

    Tests hold it against statsmodels', which collects garbage each time: half a second and more in
    a process that has loaded TensorFlow.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(np.asarray(p_values, np.float64)[order] * factors)
    return tuple(np.minimum(adjusted, 1).tolist())


def accuracy_interval(
    correct: Flags, writers: Groups | None = None, *, confidence: float = 0.95
) -> Interval:
    """Return a two-sided interval of the accuracy: exact, and no narrower than writers make it.

    Args:
        correct: Whether each image is predicted correctly, shape (n,), n > 0.
        writers: Who wrote each image, shape (n,), or None to take images as independent.
        confidence: Two-sided coverage, 0-1.
    """
    right, images, level = int(correct.sum()), len(correct), (1 + confidence) / 2
    low = proportion_lower_bound(right, images, confidence=level)
    high = proportion_upper_bound(right, images, confidence=level)
    if writers is not None:
        drawn = bootstrap_interval(
            correct.astype(np.float64), groups=writers, confidence=confidence, replicates=1_000
        )
        low, high = min(low, drawn.low), max(high, drawn.high)
    return Interval(right / images, low, high)


def proportion_lower_bound(successes: int, images: int, *, confidence: float = 0.95) -> float:
    """Return the one-sided exact lower bound of a proportion (Clopper and Pearson 1934)."""
    test = binomtest(successes, images, alternative="greater")
    return float(test.proportion_ci(confidence, method="exact").low)


def proportion_upper_bound(successes: int, images: int, *, confidence: float = 0.95) -> float:
    """Return the one-sided exact upper bound of a proportion (Clopper and Pearson 1934)."""
    return 1 - proportion_lower_bound(images - successes, images, confidence=confidence)
