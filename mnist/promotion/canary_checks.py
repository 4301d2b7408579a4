"""Judging a canary: is it shown to be worse than the version that it is to replace?

Both predict the same images, so what differs between sources is no difference between versions.
Every question is one-sided, so a canary that is better is never held back for it. Holm's procedure
keeps the chance of any false alarm at one look below `ALPHA`, whatever the number of questions. The
looks before the last one take a thousandth (Haybittle 1971, Peto et al. 1976), so looking early
costs next to nothing.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from scipy.stats import binomtest

from mnist.canary import CanaryTerms
from mnist.evaluation.statistics import holm, mcnemar, p_of_drop
from mnist.promotion.evidence import Replay
from mnist.promotion.policy import Policy

ALPHA = 0.05
EARLY_ALPHA = 0.001

LOOKS = 5
"""A canary is looked at after each fifth of its least number of images."""

_REVIEW_RISE: float = Policy.model_fields["review_rise_cap"].default
"""Where much is for review anyway, a drop counts by what it adds to that, as at the gates."""


class CanaryVerdict(StrEnum):
    """What a look at a canary comes to."""

    NONE = "none"
    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class CanaryAudits:
    """Audited images that the canary has scored, and what the version before predicts for them.

    Attributes:
        images: How many.
        gained: Right only by the canary.
        lost: Right only by the version before.
        accepted: Accepted by the canary, each version by its threshold without evidence.
        wrong: Wrong ones of these.
        wrong_before: Wrong ones of those that the version before accepts.
    """

    images: int = 0
    gained: int = 0
    lost: int = 0
    accepted: int = 0
    wrong: int = 0
    wrong_before: int = 0


@dataclass(frozen=True, slots=True)
class CanaryCheck:
    """One question about a canary.

    Attributes:
        name: What is asked.
        p_value: One-sided, that what was seen is chance in a canary that is not worse.
        sentence: What was seen; empty if another one says it.
        failed: Whether it shows that the canary is worse.
    """

    name: str
    p_value: float
    sentence: str
    failed: bool = False


def images_of_look(scored: int, least: int) -> int:
    """Say how many images are looked at when so many are scored: fifths of the least number."""
    step = -(-least // LOOKS)
    return min(least, scored // step * step) if scored < least else least


def judge_canary(
    replay: Replay, audits: CanaryAudits, terms: CanaryTerms, promise: float, *, is_last: bool
) -> list[CanaryCheck]:
    """Ask every question about a canary.

    Args:
        replay: Images that it scored: `before` is the version that it is to replace.
        audits: Those of its images that people audited.
        terms: Its limits.
        promise: Tolerable share of wrong ones among accepted predictions, 0-1.
        is_last: Whether this is the look that decides.
    """
    checks = [
        _audited(audits),
        _accepted_and_wrong(audits, promise),
        _acceptance(replay, terms.acceptance_drop),
        _changed(replay, terms.changed_share),
    ]
    alpha = ALPHA if is_last else EARLY_ALPHA
    adjusted = holm([check.p_value for check in checks])
    return [
        replace(check, p_value=p_value, failed=p_value < alpha)
        for check, p_value in zip(checks, adjusted, strict=True)
    ]


def _audited(audits: CanaryAudits) -> CanaryCheck:
    if not audits.images:
        return CanaryCheck("audits", 1.0, "None of its images has been audited.")
    return CanaryCheck(
        "audits",
        mcnemar(audits.gained, audits.lost).p_worse,
        f"Of {audits.images:,} audited images {audits.gained:,} are right only by the canary and "
        f"{audits.lost:,} only by the version before.",
    )


def _accepted_and_wrong(audits: CanaryAudits, promise: float) -> CanaryCheck:
    """Ask whether it breaks the promise, and more often than the version before."""
    is_worse = audits.accepted and audits.wrong > audits.wrong_before
    p_value = (
        binomtest(audits.wrong, audits.accepted, promise, alternative="greater").pvalue
        if is_worse
        else 1.0
    )
    return CanaryCheck(
        "accepted and wrong",
        float(p_value),
        f"Of {audits.accepted:,} audited images that it accepts {audits.wrong:,} are wrong "
        f"(promised: at most {promise:.2%}); of those that the version before accepts "
        f"{audits.wrong_before:,}."
        if audits.images
        else "",
    )


def _acceptance(replay: Replay, drop: float) -> CanaryCheck:
    gained, lost = replay.newly_accepted, replay.no_longer_accepted
    drop = max(drop, _REVIEW_RISE * (1 - replay.accepted_before))
    return CanaryCheck(
        "acceptance",
        p_of_drop(gained, lost, replay.images, drop) if replay.images else 1.0,
        f"Accepted without review: {replay.accepted_after:.1%} of {replay.images:,} images, by the "
        f"version before {replay.accepted_before:.1%} (tolerated: a drop of {drop:.1%}).",
    )


def _changed(replay: Replay, share: float) -> CanaryCheck:
    """Count changed digits, those left out that are labelled and right now."""
    changed = sum(replay.flips.values()) + replay.lost + replay.other
    p_value = (
        float(binomtest(changed, replay.images, share, alternative="greater").pvalue)
        if replay.images
        else 1.0
    )
    return CanaryCheck(
        "changed digits",
        p_value,
        f"{changed:,} of {replay.images:,} images have another digit than by the version before "
        f"(tolerated: {share:.1%}).",
    )
