"""The gates: candidate and champion measured side by side, and what the policy makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from mnist.candidates.candidate import evidence
from mnist.data.data_sources import MNIST
from mnist.data.datasets import Dataset
from mnist.data.further_test import load_further_test
from mnist.errors import IntegrityError, InvalidInput, NoChampion
from mnist.operations.measuring import Contender, ProgressCallback, compare_in_production, measure
from mnist.operations.replay import production_images
from mnist.operations.set_images import SetImages
from mnist.parts import Parts
from mnist.promotion import (
    Decision,
    Evidence,
    Policy,
    Sample,
    Verdict,
    decide,
    nothing_new,
    refuse,
    report,
    small_sample_policy,
)
from mnist.scoring.predictions import PinnedModel
from mnist.storage.journal import lineage

_REMEDY = (
    "Nothing is promoted unseen: roll back to a version that loads, or have a person promote one."
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Judgement:
    """A decision together with the champion it was made against.

    Attributes:
        decision: What the gates say.
        champion: The version that was champion then, or None if there was none.
        images_digest: Test images that decided.
    """

    decision: Decision
    champion: str | None
    images_digest: str

    @property
    def report(self) -> str:
        """The decision as Markdown."""
        return report(self.decision)


class Gates:
    """Measures versions side by side and asks `mnist.promotion` what to make of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def contender(self, version: str) -> Contender:
        """Load a registered version.

        Raises:
            InvalidInput: If there is no such version.
            IntegrityError: If its scoring graph is lost or is not the one that was registered.
        """
        return self._loaded(self._parts.registry.version(version))

    def _loaded(self, model: PinnedModel) -> Contender:
        registry = self._parts.registry
        source = registry.origin(model.version).dataset
        return Contender(model, registry.predictor(model), source=source)

    def judge(
        self,
        candidate: Contender,
        data: Dataset,
        overrides: Mapping[str, Any],
        progress: ProgressCallback,
    ) -> Judgement:
        """Compare a candidate with the champion on the same images.

        A champion that cannot be found or loaded promotes nothing, nor does a floor of a slice that
        cannot be read any more: the decision says so. A candidate with the champion's weights and
        thresholds is nothing new, and is not measured. Slices that people made permanent gates have
        their floors, unless an override names another.

        Args:
            candidate: Who wants to be champion.
            data: Whose test images judge.
            overrides: Fields of the policy that differ from the defaults.
            progress: Hears how far the work is.

        Raises:
            InvalidPolicy: If the policy has impossible values.
        """
        policy = policy_for(data, overrides)
        floors = self._parts.gate_slices.floors(data.source) | policy.slice_floors
        policy = policy.model_copy(update={"slice_floors": floors})
        seen = self._parts.journal.champion()
        try:
            self._require_whole_floors()
            champion = self._champion(seen)
            if champion is not None and _is_the_same(candidate.model, champion.model):
                decision = nothing_new(_nothing_new(champion.model.version), policy)
            else:
                decision = self._decide(candidate, champion, data, policy, progress)
        except _Untrusted as problem:
            decision = refuse(str(problem), policy)
        return Judgement(decision, seen, data.test.digest)

    def _decide(
        self,
        candidate: Contender,
        champion: Contender | None,
        data: Dataset,
        policy: Policy,
        progress: ProgressCallback,
    ) -> Decision:
        labelled_sets = SetImages(self._parts).to_evaluate()
        sides = [candidate, champion] if champion else [candidate]
        mine, *others = measure(sides, data, labelled_sets, progress, policy.slice_floors)
        mine = replace(mine, holdout_uses=self._uses_of(data.test.digest))
        if champion is None:
            return decide(mine, None, policy)
        progress(1.0, "replaying production images, deciding")
        if self._parts.settings.replay_images:
            production = production_images(self._parts)
            replay = compare_in_production(champion, candidate, production, self._parts.acceptance)
            mine = replace(mine, replay=replay)
        reference = self._reference(candidate, data)
        decision = decide(mine, others[0], policy, reference=reference)
        if decision.verdict is not Verdict.INCONCLUSIVE or data.source != MNIST:
            return decision
        further = load_further_test(self._parts.settings.data_dir, data.test.labels)
        if further is None:
            return decision
        progress(1.0, "MNIST's test images cannot tell: predicting QMNIST's further ones")
        one, other = (
            Sample(further.labels, side.predict(further.images), further.digest, further.writers)
            for side in (candidate, champion)
        )
        mine, theirs = replace(mine, further=one), replace(others[0], further=other)
        return decide(mine, theirs, policy, reference=reference)

    def _require_whole_floors(self) -> None:
        """Do not judge without a floor that somebody may have set.

        Raises:
            _Untrusted: Naming the damaged entries.
        """
        log = self._parts.gate_slices.log
        if damaged := log.damaged():
            raise _Untrusted(
                f"{', '.join(damaged)} of the gate slices cannot be parsed, so the floor in it is "
                f"not known. Nothing is promoted unseen: restore it in {log.place} from a backup, "
                "or move it away and set the floor again."
            )

    def _champion(self, recorded: str | None) -> Contender | None:
        """Load the champion of the journal.

        Raises:
            _Untrusted: With a sentence for people, if there is one and it cannot be compared with.
        """
        try:
            self._parts.aliases.reconcile()
            return self._loaded(self._parts.registry.champion())
        except NoChampion:
            if recorded is None:
                return None
            raise _Untrusted(
                f"The journal says that version {recorded} is champion, but the registry has none. "
                + _REMEDY
            ) from None
        except (IntegrityError, InvalidInput) as error:
            raise _Untrusted(f"The champion cannot be compared with: {error} {_REMEDY}") from error

    def _reference(self, candidate: Contender, data: Dataset) -> Evidence | None:
        """Read the test images with the best earlier champion that is still in the lineage."""
        registry, digest = self._parts.registry, data.test.digest
        earlier = {
            version: accuracy
            for version in lineage(self._parts.journal.entries())[:-1]
            if version != candidate.model.version
            and (accuracy := registry.test_accuracy(version, digest)) is not None
        }
        if not earlier:
            return None
        best = max(earlier, key=earlier.__getitem__)
        try:
            reference = self.contender(best)
        except (IntegrityError, InvalidInput) as error:
            _log.warning("gates.reference-lost", version=best, error=str(error))
            return None
        probabilities = reference.predict(data.test.images)
        return evidence(candidate.model.name, best, data, probabilities)

    def _uses_of(self, images_digest: str) -> int:
        return sum(e.images_digest == images_digest for e in self._parts.journal.entries())


def _is_the_same(candidate: PinnedModel, champion: PinnedModel) -> bool:
    """Tell whether two versions predict and accept the same, whatever the image."""
    return replace(candidate, version=champion.version) == champion


def _nothing_new(champion: str) -> str:
    return (
        f"Nothing new: weights and thresholds are those of version {champion}, the champion, so "
        "nothing was compared and nothing moves. Train with another seed, recipe or other images."
    )


class _Untrusted(Exception):
    """There is a champion, and it cannot be compared with; carries a sentence for people."""


def policy_for(data: Dataset, overrides: Mapping[str, Any]) -> Policy:
    """Return the policy for test images of this kind, with some fields overridden.

    Raises:
        InvalidPolicy: Naming each wrong field.
    """
    base = Policy() if data.source == "mnist" else small_sample_policy()
    return Policy(**{**base.model_dump(exclude_defaults=True), **overrides})
