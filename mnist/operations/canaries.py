"""Judging the version on canary by what it has scored, and ending its trial either way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from mnist.canary import (
    CANARY_FAILED,
    CANARY_PASSED,
    CANARY_UNDECIDED,
    CanaryTerms,
    named,
)
from mnist.errors import IntegrityError, InvalidInput
from mnist.operations.acceptance_evidence import AcceptanceEvidence
from mnist.operations.canary_images import ScoredOnCanary, scored_on_canary
from mnist.operations.measuring import Contender, compare_in_production
from mnist.operations.replay import images_of
from mnist.parts import Parts
from mnist.promotion.canary_checks import (
    CanaryAudits,
    CanaryCheck,
    CanaryVerdict,
    images_of_look,
    judge_canary,
)
from mnist.reviews.audits import audits_of
from mnist.storage.journal import CANARY_ENDED, JournalEntry, progress

_SPARE = 2
"""So many times the images of a look are remembered, in case that some are gone."""


@dataclass(frozen=True)
class CanaryLook:
    """What a look at the canary came to.

    Attributes:
        verdict: In one word.
        sentences: For people.
        canary: The entry that began it; None if nothing is on canary.
        entry: What the journal says of its end; None while it goes on.
        images: Images that were looked at.
        batches: Batches with a receipt that hold predictions of it.
    """

    verdict: CanaryVerdict
    sentences: tuple[str, ...] = ()
    canary: JournalEntry | None = None
    entry: JournalEntry | None = None
    images: int = 0
    batches: tuple[str, ...] = ()


class Canaries:
    """Looks at the version on canary and says in the journal what became of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def judge(self, who: str, now: datetime | None = None) -> CanaryLook:
        """Look at what the canary has scored; make it champion or take it out if that is due.

        Safe to repeat and to run twice at once: one entry ends a canary. Where a process died
        between its entry and the alias, the alias is set first.

        Args:
            who: The flow run that answers for it.
            now: The time; None is the present.

        Raises:
            IntegrityError: If the version that scores the other sources cannot be loaded.
            Unavailable: If the store or the registry does not answer.
        """
        self._parts.aliases.reconcile()
        canary = self._parts.journal.canary()
        if canary is None or canary.canary is None:
            return CanaryLook(CanaryVerdict.NONE, ("No version is on canary.",))
        look = self._look(canary, canary.canary, now or datetime.now(UTC))
        if look.verdict is CanaryVerdict.WAITING:
            return look
        passed = look.verdict is CanaryVerdict.PASSED
        entry = self._parts.aliases.end_canary(
            canary,
            "promoted" if passed else CANARY_ENDED,
            who=who,
            verdict=_VERDICTS[look.verdict],
            reasons=look.sentences,
        )
        if entry is None:
            return CanaryLook(CanaryVerdict.NONE, ("Another run has ended the canary meanwhile.",))
        return replace(look, entry=entry)

    def _look(self, canary: JournalEntry, terms: CanaryTerms, now: datetime) -> CanaryLook:
        is_over = now >= terms.ends(canary.at)
        scored = scored_on_canary(self._parts.results, canary, _SPARE * terms.least_images)
        most = images_of_look(scored.images, terms.least_images)
        if not most and not is_over:
            return _waiting(canary, scored, [])
        try:
            side = self._contender(canary.to_version)
        except (IntegrityError, InvalidInput) as error:
            lost = f"The canary cannot be loaded: {error}"
            return _concluded(CanaryVerdict.FAILED, canary, scored, 0, [lost])
        before = self._contender(canary.from_version or "")
        production = images_of(self._parts, scored.sample, most)
        looked_at = len(production.keys)
        is_last = looked_at >= terms.least_images
        checks = judge_canary(
            compare_in_production(before, side, production, self._parts.acceptance),
            self._audits(canary, before, side),
            terms,
            self._parts.settings.max_accepted_error_rate,
            is_last=is_last,
        )
        sentences = [check.sentence for check in checks if check.sentence]
        if failed := [check for check in checks if check.failed]:
            first = [_worse(check) for check in failed]
            return _concluded(CanaryVerdict.FAILED, canary, scored, looked_at, [*first, *sentences])
        if is_last:
            return _concluded(CanaryVerdict.PASSED, canary, scored, looked_at, sentences)
        if is_over:
            return _concluded(
                CanaryVerdict.UNDECIDED, canary, scored, looked_at, [_too_few(terms, looked_at)]
            )
        return replace(_waiting(canary, scored, sentences), images=looked_at)

    def _contender(self, version: str) -> Contender:
        registry = self._parts.registry
        model = registry.version(version)
        return Contender(model, registry.predictor(model))

    def _audits(self, canary: JournalEntry, before: Contender, side: Contender) -> CanaryAudits:
        """Hold both versions against audits of images that the canary has scored.

        Other reviews do not count: doubtful images are doubtful by the canary, and it alone would
        be wrong among them.
        """
        parts, evidence = self._parts, AcceptanceEvidence(self._parts)
        audits = audits_of(list(parts.reviews.recorded()), parts.settings.reviews_needed)
        images = [i for i in audits.images if i.reviews[0].model_version == canary.to_version]
        answers = []
        with ThreadPoolExecutor(parts.settings.read_threads) as pool:
            for contender in (side, before):
                audited = partial(
                    evidence.audited,
                    model=contender.model,
                    predict=contender.predictor.outputs,
                )
                answers.append(list(pool.map(audited, images)))
        pairs = [(a, b) for a, b in zip(*answers, strict=True) if a is not None and b is not None]
        least, least_before = (
            parts.acceptance.without_evidence(contender.model).accept_confidence
            for contender in (side, before)
        )
        return CanaryAudits(
            images=len(pairs),
            gained=sum(b[1] and not a[1] for a, b in pairs),
            lost=sum(a[1] and not b[1] for a, b in pairs),
            accepted=sum(a[0] >= least for a, _ in pairs),
            wrong=sum(a[1] and a[0] >= least for a, _ in pairs),
            wrong_before=sum(b[1] and b[0] >= least_before for _, b in pairs),
        )


def _waiting(canary: JournalEntry, scored: ScoredOnCanary, sentences: list[str]) -> CanaryLook:
    return CanaryLook(
        CanaryVerdict.WAITING,
        (progress(canary, scored.images), *sentences),
        canary,
        batches=scored.batches,
    )


def _concluded(
    verdict: CanaryVerdict,
    canary: JournalEntry,
    scored: ScoredOnCanary,
    images: int,
    sentences: list[str],
) -> CanaryLook:
    version, before = canary.to_version, canary.from_version
    if verdict is CanaryVerdict.PASSED:
        first = [f"Version {version} has passed its canary, and scores all sources from now on."]
        last = []
    else:
        first = [f"Version {version} is taken off canary; version {before} scores all again."]
        last = [
            f"It has scored batches {named(scored.batches)}. To score them again, and what was "
            f"under way, once that has its receipt: `rescore` with from_version={version} and "
            f"to_version={before}. To make it champion all the same: `promote` version {version}."
        ]
    return CanaryLook(
        verdict,
        (*first, *sentences, *last),
        canary,
        images=images,
        batches=scored.batches,
    )


def _worse(check: CanaryCheck) -> str:
    return f"It is worse in {check.name} (p = {check.p_value:.2g})."


def _too_few(terms: CanaryTerms, images: int) -> str:
    return (
        f"Only {images:,} of {terms.least_images:,} images came within {terms.longest_hours:g} "
        "hours, too few to judge it. Give it a larger MNIST_CANARY_SHARE, fewer "
        "MNIST_CANARY_LEAST_IMAGES or more MNIST_CANARY_LONGEST_HOURS."
    )


_VERDICTS = {
    CanaryVerdict.PASSED: CANARY_PASSED,
    CanaryVerdict.FAILED: CANARY_FAILED,
    CanaryVerdict.UNDECIDED: CANARY_UNDECIDED,
}
