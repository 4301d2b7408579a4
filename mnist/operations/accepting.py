"""Renewing the thresholds of acceptance from what people found in audits and labelled sets."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from mnist.acceptance.choice import choose_thresholds
from mnist.acceptance.sources import SourceThreshold
from mnist.acceptance.thresholds import JudgedPredictions, Promise
from mnist.errors import IntegrityError, InvalidInput
from mnist.operations.acceptance_evidence import AcceptanceEvidence
from mnist.parts import Parts
from mnist.reviews.audits import Audits, audits_of
from mnist.scoring.predictions import PinnedModel
from mnist.storage.acceptance import AcceptanceEntry


@dataclass(frozen=True)
class Renewal:
    """What came of looking at the evidence.

    Attributes:
        entry: The entry that stands now; None while nobody has labelled anything.
        is_new: Whether it was written just now.
        broken: Sources for which the promise was shown to be broken, as sentences for people.
        notes: What did not count as evidence, and why.
    """

    entry: AcceptanceEntry | None
    is_new: bool = False
    broken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Accepting:
    """Chooses from which confidence on predictions of the champion are accepted."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._promise = Promise(parts.settings.max_accepted_error_rate)
        self.evidence = AcceptanceEvidence(parts)

    def in_use(self) -> list[PinnedModel]:
        """Pin the versions that score now: the champion first, then the canary if there is one.

        Raises:
            NoChampion: If nothing has been promoted.
        """
        registry, canary = self._parts.registry, self._parts.journal.canary()
        models = [registry.champion()]
        if canary is not None:
            with suppress(IntegrityError, InvalidInput):  # whoever judges it finds that out
                models.append(registry.version(canary.to_version))
        return models

    def renew(self, who: str, model: PinnedModel | None = None) -> Renewal:
        """Look at all evidence about a version, and write an entry if it says something new.

        Args:
            who: The flow run that answers for it.
            model: The version; None means the champion.

        Raises:
            NoChampion: If nothing has been promoted.
            Unavailable: If the store or the registry does not answer.
        """
        parts = self._parts
        model = model or parts.registry.champion()
        audits = audits_of(list(parts.reviews.recorded()), parts.settings.reviews_needed)
        evidence, gone = self.evidence.of_digits(model, audits)
        of_values, values_gone = self.evidence.of_values(model, audits)
        notes = tuple(_notes(audits, gone + values_gone))
        standing = parts.acceptance.newest(model.digest)
        if not evidence and not of_values and standing is None:
            return Renewal(None, notes=notes)
        cautious = parts.acceptance.without_evidence(model)
        digits = choose_thresholds(
            evidence,
            self._promise,
            cautious=cautious.accept_confidence,
            present=() if standing is None else standing.thresholds,
        )
        values = _value_thresholds(of_values, self._promise, cautious, standing)
        chosen = [*digits, *values]
        broken = tuple(one.sentence for one in chosen if one.is_broken)
        if standing is not None and [*map(_essence, chosen)] == [
            *map(_essence, (*standing.thresholds, *standing.value_thresholds))
        ]:
            return Renewal(standing, broken=broken, notes=notes)
        entry = parts.acceptance.append(
            AcceptanceEntry(
                sequence=1,
                at=datetime.now(UTC),
                who=who,
                model=model.name,
                version=model.version,
                digest=model.digest,
                max_error_rate=self._promise.max_error_rate,
                assurance=self._promise.assurance,
                thresholds=digits,
                value_thresholds=values,
                reasons=[*(one.sentence for one in chosen), *notes],
            )
        )
        return Renewal(entry, is_new=True, broken=broken, notes=notes)


def _value_thresholds(
    evidence: Sequence[JudgedPredictions],
    promise: Promise,
    cautious: PinnedModel,
    standing: AcceptanceEntry | None,
) -> list[SourceThreshold]:
    """Choose the thresholds of values; none while nobody has audited any."""
    present = [] if standing is None else standing.value_thresholds
    if not evidence and not present:
        return []
    chosen = choose_thresholds(
        evidence, promise, cautious=cautious.accept_value_confidence, present=present
    )
    return [one.model_copy(update={"of_values": True}) for one in chosen]


def _essence(chosen: SourceThreshold) -> SourceThreshold:
    """Leave out of a threshold what alone is no news."""
    return chosen.model_copy(update={"is_broken": False})


def _notes(audits: Audits, gone: int) -> Sequence[str]:
    notes = []
    if audits.set_aside:
        notes.append(
            f"Audits of {', '.join(audits.set_aside)} do not count: others, or the model, "
            "contradict them too often. Let somebody else look at the same images."
        )
    if audits.open:
        notes.append(f"{audits.open:,} audited images wait for another look and do not count yet.")
    if gone:
        notes.append(
            f"{gone:,} audited images do not count: another version predicted them, and they are "
            "gone from the inbox, so this version cannot be asked."
        )
    return notes
