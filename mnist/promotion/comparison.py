"""Candidate against champion on the same images: the paired test and its verdict."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from mnist.evaluation.power import images_to_exclude, smallest_detectable_difference
from mnist.evaluation.statistics import (
    Flags,
    Groups,
    Interval,
    PairedTest,
    Values,
    bootstrap_interval,
    design_effect,
    mcnemar,
    score_interval,
)
from mnist.promotion.policy import Policy


class Verdict(StrEnum):
    """What the comparison of a candidate with the champion says."""

    BETTER = "better"
    NOT_WORSE = "not_worse"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"

    @property
    def words(self) -> str:
        """The verdict as people say it."""
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class Comparison:
    """Two models on the same images.

    Attributes:
        verdict: What test and interval say about accuracy.
        images: Images compared.
        writers: Writers they come from, or None where unknown.
        test: Exact McNemar test.
        difference: Candidate's accuracy minus champion's, with the interval that decides.
        design_effect: How much wider writers make the variance, >= 1.
        smallest_detectable: Smallest true difference this evaluation would usually find, 0-1.
        images_needed: Images that would usually exclude a loss beyond the margin if the two were
            equally good, or None if the margin is 0.
    """

    verdict: Verdict
    images: int
    writers: int | None
    test: PairedTest
    difference: Interval
    design_effect: float
    smallest_detectable: float
    images_needed: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self) | {"verdict": self.verdict.value}


def compare(
    candidate: Flags, champion: Flags, writers: Groups | None, policy: Policy
) -> Comparison:
    """Compare which images two models read correctly.

    The interval that decides is the wider, at each end, of two: the bootstrap over writers, which
    knows that one writer's images fail together, and Tango's score interval, which stays honest
    when hardly any image tells the models apart.

    Args:
        candidate: Whether the candidate read each image correctly, shape (n,).
        champion: The same of the champion.
        writers: Who wrote each image, shape (n,), or None.
        policy: Levels, margin and seed.
    """
    gained, lost = int((candidate & ~champion).sum()), int((champion & ~candidate).sum())
    differences = candidate.astype(np.float64) - champion
    effect = 1.0 if writers is None else design_effect(differences, writers)
    difference = _difference(differences, writers, effect, policy)
    test = mcnemar(gained, lost)
    images, discordant_rate = len(candidate), (gained + lost) / len(candidate)
    levels = {"alpha": policy.alpha, "power": policy.power, "variance_factor": effect}
    return Comparison(
        verdict=_verdict(test, difference, policy),
        images=images,
        writers=None if writers is None else len(np.unique(writers)),
        test=test,
        difference=difference,
        design_effect=effect,
        smallest_detectable=smallest_detectable_difference(images, discordant_rate, **levels),
        images_needed=images_to_exclude(policy.margin, discordant_rate, **levels),
    )


def _difference(
    differences: Values, writers: Groups | None, effect: float, policy: Policy
) -> Interval:
    """Return the wider, at each end, of the bootstrap and the score interval."""
    bootstrap = bootstrap_interval(
        differences,
        groups=writers,
        confidence=1 - policy.alpha,
        replicates=policy.bootstrap_replicates,
        seed=policy.bootstrap_seed,
    )
    score = score_interval(
        (differences > 0).sum() / effect,
        (differences < 0).sum() / effect,
        len(differences) / effect,
        confidence=1 - policy.alpha,
    )
    return Interval(
        bootstrap.estimate, min(bootstrap.low, score.low), max(bootstrap.high, score.high)
    )


def _verdict(test: PairedTest, difference: Interval, policy: Policy) -> Verdict:
    """Ask for both test and interval before saying better, and for either before saying worse."""
    significant = test.p_value <= policy.alpha
    if (significant and test.lost > test.gained) or difference.high < 0:
        return Verdict.WORSE
    if significant and difference.low > 0:
        return Verdict.BETTER
    if difference.low >= -policy.margin:
        return Verdict.NOT_WORSE
    return Verdict.INCONCLUSIVE


_ORDER = (Verdict.WORSE, Verdict.INCONCLUSIVE, Verdict.NOT_WORSE, Verdict.BETTER)


def weaker(first: Verdict, second: Verdict) -> Verdict:
    """Return the verdict that says less in favour of the candidate."""
    return min(first, second, key=_ORDER.index)


def accuracy_sentence(comparison: Comparison, policy: Policy) -> str:
    """Say in one sentence what the comparison found."""
    difference, test = comparison.difference, comparison.test
    numbers = (
        f"accuracy changed by {difference.estimate:+.4f} "
        f"({1 - policy.alpha:.0%} interval {difference.low:+.4f} to {difference.high:+.4f}; "
        f"{test.gained} images gained, {test.lost} lost, exact McNemar p = {test.p_value:.2g})"
    )
    match comparison.verdict:
        case Verdict.BETTER:
            return f"In accuracy the candidate is better: {numbers}."
        case Verdict.WORSE:
            return f"In accuracy the candidate is worse: {numbers}."
        case Verdict.NOT_WORSE:
            return (
                f"In accuracy the candidate is not worse: {numbers}; a loss of more than "
                f"{policy.margin:.4f} is excluded."
            )
        case Verdict.INCONCLUSIVE:
            shortage = _shortage(comparison, policy)
            return f"In accuracy the evaluation cannot tell: {numbers}. {shortage}"


def _shortage(comparison: Comparison, policy: Policy) -> str:
    needed = comparison.images_needed
    more = "" if needed is None else f"; to exclude the loss, about {needed:,} would be needed"
    return (
        f"A loss of more than {policy.margin:.4f} is not excluded, and {comparison.images:,} "
        f"images usually show only true differences of {comparison.smallest_detectable:.4f} or "
        f"more{more}."
    )
