"""The decision: candidate evidence, champion evidence and policy in, verdict and reasons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from mnist.evaluation.metrics import Evaluation, evaluate
from mnist.promotion.absolute_checks import absolute_checks
from mnist.promotion.checks import Check, Status, images, not_measured
from mnist.promotion.comparison import (
    CleanLabels,
    PairedComparison,
    Verdict,
    accuracy_sentence,
    clean_labels,
    compare,
    compare_clean,
    scores,
    weaker,
)
from mnist.promotion.data_sources import fallback_note, is_lower, source_check
from mnist.promotion.evidence import Evidence, different_images
from mnist.promotion.policy import Policy
from mnist.promotion.regression_checks import reference_check, regression_checks
from mnist.promotion.runtime_checks import runtime_checks


@dataclass(frozen=True)
class Decision:
    """Whether a candidate becomes champion, and why.

    Attributes:
        verdict: The candidate in comparison with the champion.
        promote: Whether the champion alias should move.
        reasons: Sentences for people, the most important first.
        evidence: Every number behind them, as JSON types; `report` reads nothing else.
        policy_version: Version of the policy that was applied.
    """

    verdict: Verdict
    promote: bool
    reasons: tuple[str, ...]
    evidence: dict[str, Any]
    policy_version: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; `from_dict` reads them back."""
        return {
            "verdict": self.verdict.value,
            "promote": self.promote,
            "reasons": list(self.reasons),
            "evidence": self.evidence,
            "policy_version": self.policy_version,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a decision from `as_dict`, also after a trip through JSON."""
        return cls(
            verdict=Verdict(values["verdict"]),
            promote=values["promote"],
            reasons=tuple(values["reasons"]),
            evidence=values["evidence"],
            policy_version=values["policy_version"],
        )


def refuse(reason: str, policy: Policy) -> Decision:
    """Return the decision when there is nothing to judge, such as a champion that will not load.

    Args:
        reason: A sentence for people.
        policy: The policy that would have been applied.
    """
    return Decision(
        Verdict.INCONCLUSIVE,
        promote=False,
        reasons=(reason,),
        evidence={"policy": policy.model_dump(mode="json"), "checks": []},
        policy_version=policy.version,
    )


def nothing_new(reason: str, policy: Policy) -> Decision:
    """Return the decision about what is, weight for weight, the champion already."""
    return replace(refuse(reason, policy), verdict=Verdict.NOTHING_NEW)


def decide(
    candidate: Evidence,
    champion: Evidence | None,
    policy: Policy,
    *,
    reference: Evidence | None = None,
) -> Decision:
    """Judge a candidate. Pure: the same evidence and policy give the same decision.

    A candidate is promoted if no check failed and the verdict is `better`, or `not_worse` where
    the policy allows it. `inconclusive` and `worse` never promote.

    Args:
        candidate: Evidence of the version that wants to be champion.
        champion: Evidence of the champion on the same images. None only if nothing was ever
            promoted; a champion that cannot be evaluated is a case for `refuse`.
        policy: What the candidate must show.
        reference: The best earlier champion, if another one: many small steps down, each not
            worse than the last, would be worse than it.
    """
    if champion is not None and (problem := different_images(candidate, champion)):
        return refuse(problem, policy)
    if candidate.replay and champion and is_lower(champion.source, candidate.source):
        candidate = replace(candidate, replay=replace(candidate.replay, counts=False))
    evaluation = evaluate(candidate.labels, candidate.probabilities)
    checks = [
        *absolute_checks.run(candidate, evaluation, policy),
        *runtime_checks.run(candidate, policy),
    ]
    evidence: dict[str, Any] = {
        "images_digest": candidate.images_digest,
        "holdout_uses": candidate.holdout_uses,
        "policy": policy.model_dump(mode="json"),
        "policy_changes": policy.changes(),
        "candidate": _side(candidate, evaluation),
        "champion": champion and _side(champion, evaluate(champion.labels, champion.probabilities)),
    }
    if candidate.replay is not None:
        evidence["replay"] = candidate.replay.as_dict()
    clean = clean_labels(candidate)
    if clean is not None:
        evidence["label_errors"] = _label_error_scores(candidate, champion, clean)
    if champion is None:
        verdict, notes, more = _without_champion(policy)
        notes += fallback_note(candidate)
    elif (source := source_check(candidate, champion)).status is Status.FAILED:
        verdict, notes, more = Verdict.INCONCLUSIVE, [], []
        checks = [source, *checks]
    else:
        more = [source, *regression_checks.run(candidate, champion, policy)]
        if reference is not None:
            more.append(reference_check(candidate, reference, policy))
        comparisons = _comparisons(candidate, champion, clean, policy)
        evidence["comparison"] = {name: c.as_dict() for name, c in comparisons.items()}
        verdict, notes = _conclude(comparisons, more, policy)
    return _settle(verdict, notes, [*checks, *more], evidence, policy)


def _settle(
    verdict: Verdict,
    notes: list[str],
    checks: Sequence[Check],
    evidence: dict[str, Any],
    policy: Policy,
) -> Decision:
    """Promote unless a check failed or the verdict forbids it, and put the reasons in order."""
    failed = [check.sentence for check in checks if check.status is Status.FAILED]
    unmeasured = [check.name for check in checks if check.status is Status.NOT_MEASURED]
    if verdict is Verdict.NOT_WORSE and not policy.promote_not_worse:
        notes.append("The policy promotes only what is better.")
    if unmeasured:
        notes.append(f"Not measured, and not required by the policy: {', '.join(unmeasured)}.")
    return Decision(
        verdict=verdict,
        promote=not failed
        and (
            verdict is Verdict.BETTER or (verdict is Verdict.NOT_WORSE and policy.promote_not_worse)
        ),
        reasons=(*failed, *notes),
        evidence=evidence | {"checks": [check.as_dict() for check in checks]},
        policy_version=policy.version,
    )


def _side(evidence: Evidence, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "model": evidence.model,
        "version": evidence.model_version,
        "evaluation": evaluation.as_dict(),
    }


def _without_champion(policy: Policy) -> tuple[Verdict, list[str], list[Check]]:
    """A first model is not worse than nothing, unless the policy insists on a champion."""
    if "champion" in policy.required:
        sentence = "There is no champion to compare with."
        return Verdict.INCONCLUSIVE, [], [not_measured("champion", sentence, required=True)]
    note = "Nothing was promoted before, so the checks of the candidate alone decide."
    return Verdict.NOT_WORSE, [note], []


def _label_error_scores(
    candidate: Evidence, champion: Evidence | None, clean: CleanLabels
) -> dict[str, Any]:
    return {
        "corrected": clean.corrected,
        "ambiguous": clean.ambiguous,
        "candidate": scores(candidate, clean),
        "champion": None if champion is None else scores(champion, clean),
    }


def _comparisons(
    candidate: Evidence, champion: Evidence, clean: CleanLabels | None, policy: Policy
) -> dict[str, PairedComparison]:
    comparisons = {
        "as_given": compare(candidate.correct, champion.correct, candidate.writers, policy)
    }
    if clean is not None:
        comparisons["ambiguous_left_out"] = compare_clean(candidate, champion, clean, policy)
    mine, theirs = candidate.further, champion.further
    if mine is not None and theirs is not None:
        comparisons["further"] = compare(mine.correct, theirs.correct, mine.writers, policy)
    return comparisons


def _conclude(
    comparisons: Mapping[str, PairedComparison], checks: Sequence[Check], policy: Policy
) -> tuple[Verdict, list[str]]:
    """Combine the verdict on accuracy with the regression checks."""
    as_given = comparisons["as_given"]
    notes = [accuracy_sentence(as_given, policy)]
    verdict = as_given.verdict
    clean = comparisons.get("ambiguous_left_out")
    if clean is not None and clean.verdict is not as_given.verdict:
        verdict = weaker(as_given.verdict, clean.verdict)
        if as_given.verdict is Verdict.BETTER:
            notes.append("The candidate wins only with labels known to be wrong or undecidable.")
        notes.append(
            "With known label errors corrected and undecidable images left out the verdict on "
            f"accuracy is {clean.verdict.words}, not {as_given.verdict.words}; the weaker counts."
        )
    further = comparisons.get("further")
    if further is not None and verdict is Verdict.INCONCLUSIVE:
        verdict = further.verdict
        notes.append(
            f"So {images(further.images)} decide that have selected nothing before. "
            + accuracy_sentence(further, policy)
        )
    if any(check.relative and check.status is Status.FAILED for check in checks):
        verdict = Verdict.WORSE
        notes.append("A candidate that is worse in one comparison is worse, whatever its accuracy.")
    return verdict, notes
