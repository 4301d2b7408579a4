"""Candidate against champion on the same images: the paired test and its verdict.

The comparison can be made twice: on the labels as given, and on those that public audits corrected.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from mnist.digits import Labels
from mnist.evaluation.known_label_errors import known_label_errors
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
from mnist.promotion.evidence import Evidence
from mnist.promotion.policy import Policy


class Verdict(StrEnum):
    """How a candidate compares with the champion."""

    BETTER = "better"
    NOT_WORSE = "not_worse"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"
    NOTHING_NEW = "nothing_new"

    @property
    def words(self) -> str:
        """The verdict in words."""
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class PairedComparison:
    """Two models on the same images.

    Attributes:
        verdict: On accuracy, by test and interval.
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
) -> PairedComparison:
    """Compare which images two models predict correctly.

    The interval that decides is the wider, at each end, of two: the bootstrap over writers, which
    knows that one writer's images fail together, and Tango's score interval, which keeps its
    coverage when the models differ on hardly any image.

    Args:
        candidate: Whether the candidate predicted each image correctly, shape (n,).
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
    return PairedComparison(
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
    """Better needs both test and interval, worse needs one of them."""
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
    """Return the verdict that is less in favour of the candidate."""
    return min(first, second, key=_ORDER.index)


def accuracy_sentence(comparison: PairedComparison, policy: Policy) -> str:
    """Write the comparison in one sentence."""
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
        case _:
            shortage = _shortage(comparison, policy)
            return f"In accuracy the evaluation cannot tell: {numbers}. {shortage}"


def _shortage(comparison: PairedComparison, policy: Policy) -> str:
    needed = comparison.images_needed
    more = "" if needed is None else f"; to exclude the loss, about {needed:,} would be needed"
    return (
        f"A loss of more than {policy.margin:.4f} is not excluded, and {comparison.images:,} "
        f"images usually show only true differences of {comparison.smallest_detectable:.4f} or "
        f"more{more}."
    )


@dataclass(frozen=True)
class CleanLabels:
    """Labels after a public audit.

    Attributes:
        labels: With wrong ones corrected, shape (n,).
        decidable: False where no digit is right, shape (n,).
        corrected: How many labels were corrected.
        ambiguous: How many have no right digit.
    """

    labels: Labels
    decidable: Flags
    corrected: int
    ambiguous: int


def clean_labels(evidence: Evidence) -> CleanLabels | None:
    """Correct the labels of an evaluation, or return None where no errors are known."""
    errors: Mapping[int, int | None] = (
        known_label_errors(evidence.labels)
        if evidence.label_errors is None
        else evidence.label_errors
    )
    if not errors:
        return None
    labels, decidable = evidence.labels.copy(), np.ones(len(evidence.labels), dtype=bool)
    for index, digit in errors.items():
        if digit is None:
            decidable[index] = False
        else:
            labels[index] = digit
    ambiguous = int((~decidable).sum())
    return CleanLabels(labels, decidable, len(errors) - ambiguous, ambiguous)


def scores(evidence: Evidence, clean: CleanLabels) -> dict[str, Any]:
    """Return accuracy as given, corrected, and with ambiguous images left out."""
    right = evidence.predicted == clean.labels
    return {
        "as_given": float(evidence.correct.mean()),
        "corrected": float(right.mean()),
        "ambiguous_left_out": float(right[clean.decidable].mean()),
    }


def compare_clean(
    candidate: Evidence, champion: Evidence, clean: CleanLabels, policy: Policy
) -> PairedComparison:
    """Compare on corrected labels, ambiguous images left out."""
    keep = clean.decidable
    return compare(
        (candidate.predicted == clean.labels)[keep],
        (champion.predicted == clean.labels)[keep],
        None if candidate.writers is None else candidate.writers[keep],
        policy,
    )
