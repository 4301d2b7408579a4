"""Renewing the thresholds of acceptance from what people found in audits and labelled sets."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from mnist.acceptance.choice import choose_thresholds
from mnist.acceptance.sources import SourceThreshold, source_of
from mnist.acceptance.thresholds import JudgedPredictions, Promise, judged_predictions
from mnist.errors import AccessDenied, IntegrityError, InvalidInput, ObjectChanged, ObjectGone
from mnist.images import Decoded
from mnist.keys import batch_of
from mnist.operations.set_images import SetImages
from mnist.parts import Parts
from mnist.reviews.agreement import Consensus
from mnist.reviews.audits import Audits, audits_of, is_wrong
from mnist.scoring.predictions import PinnedModel, Predict
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
        evidence, gone = self.evidence(model, audits)
        notes = tuple(_notes(audits, gone))
        standing = parts.acceptance.newest(model.digest)
        if not evidence and standing is None:
            return Renewal(None, notes=notes)
        cautious = parts.acceptance.without_evidence(model).accept_confidence
        present = () if standing is None else standing.thresholds
        chosen = choose_thresholds(evidence, self._promise, cautious=cautious, present=present)
        broken = tuple(one.sentence for one in chosen if one.is_broken)
        if standing is not None and [*map(_essence, chosen)] == [*map(_essence, present)]:
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
                thresholds=chosen,
                reasons=[*(one.sentence for one in chosen), *notes],
            )
        )
        return Renewal(entry, is_new=True, broken=broken, notes=notes)

    def evidence(self, model: PinnedModel, audits: Audits) -> tuple[list[JudgedPredictions], int]:
        """Hold a version's predictions against what people found, source by source.

        Only images count that were chosen without regard to what a model predicts for them: audits
        and whole labelled sets. Reviews of doubtful images are not a sample of all.

        Returns:
            The evidence, and how many audited images this version cannot be asked about: another
            one predicted them, and they are gone.
        """
        declared = self._parts.settings.acceptance_sources
        predict = self._parts.registry.predictor(model).outputs
        with ThreadPoolExecutor(self._parts.settings.read_threads) as pool:
            audited = list(pool.map(lambda i: self.audited(i, model, predict), audits.images))
        by_source: dict[str, list[tuple[float, bool]]] = {}
        for image, judged in zip(audits.images, audited, strict=True):
            if judged is not None:
                source = source_of(batch_of(image.versions[0].key), declared)
                by_source.setdefault(source, []).append(judged)
        evidence = [
            JudgedPredictions(
                source,
                np.array([confidence for confidence, _ in judged]),
                np.array([wrong for _, wrong in judged], bool),
            )
            for source, judged in by_source.items()
        ]
        return [*evidence, *self._labelled_sets(model, predict)], sum(
            one is None for one in audited
        )

    def audited(
        self, image: Consensus, model: PinnedModel, predict: Predict
    ) -> tuple[float, bool] | None:
        """Say how sure this version is of an audited image, and whether it is wrong.

        What another version predicted says nothing about this one, so the image is predicted anew;
        None if it is gone.
        """
        first = image.reviews[0]
        if first.model_version == model.version and first.confidence is not None:
            return first.confidence, is_wrong(image, -1 if first.read_as is None else first.read_as)
        for version in image.versions:
            try:
                result = self._parts.inbox.decode(version)
            except (ObjectGone, ObjectChanged, AccessDenied):
                continue
            if isinstance(result, Decoded):
                probabilities = predict(result.pixels[None]).probabilities[0]
                return float(probabilities.max()), is_wrong(image, int(probabilities.argmax()))
        return None

    def _labelled_sets(self, model: PinnedModel, predict: Predict) -> list[JudgedPredictions]:
        """Take the sets of one's own as evidence about sources of their names."""
        sets = SetImages(self._parts).to_evaluate()
        whole = {name: images for name, images in sets.items() if "/" not in name}
        evidence = []
        for name, images in whole.items():
            outputs = predict(images.images)
            eligible = ~(outputs.ood_scores > model.ood_threshold)
            if eligible.any():
                probabilities = outputs.probabilities[eligible]
                labels = images.labels[eligible]
                evidence.append(judged_predictions(probabilities, labels, f"{name}/"))
        return evidence


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
