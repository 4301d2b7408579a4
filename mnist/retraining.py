"""Retraining from data to decision, one step at a time, so that an orchestrator can order them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from mnist.candidates import Candidate, evidence, make_candidate, write_up
from mnist.datasets import Dataset
from mnist.errors import IntegrityError, NoChampion
from mnist.promotion import Decision, Evidence, Policy, decide, refuse, report, small_sample_policy
from mnist.recipes import Recipe, get_recipe
from mnist.registry.aliases import Aliases
from mnist.registry.journal import Journal, JournalEntry
from mnist.registry.publishing import Publisher, RegisteredVersion
from mnist.registry.reader import RegistryReader
from mnist.scoring import PinnedModel
from mnist.settings import Settings
from mnist.training import Epoch, Training, train
from mnist.training_data import TrainingData, load_training_data

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Judgement:
    """A decision together with the champion it was made against."""

    decision: Decision
    champion: PinnedModel | None
    report: str


class Retraining:
    """The steps of retraining, over a data folder, a registry and its journal."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        reader: RegistryReader,
        aliases: Aliases,
        journal: Journal,
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._reader = reader
        self._aliases = aliases
        self._journal = journal

    def recipe(self, name: str) -> Recipe:
        """Find a recipe before any time is spent.

        Raises:
            InvalidRecipe: If there is none of that name; the message lists those there are.
        """
        return get_recipe(name)

    def check_policy(self, overrides: dict[str, Any] | None) -> None:
        """Refuse an impossible policy before any time is spent.

        Raises:
            InvalidPolicy: Naming each wrong field.
        """
        Policy(**(overrides or {}))

    def check_registry(self) -> None:
        """Find out before any time is spent whether the result can be registered.

        Raises:
            Unavailable: If MLflow or the store does not answer.
            AccessDenied: If one of them refuses the credentials.
        """
        with suppress(IntegrityError):  # judged later, against the candidate
            self._champion()
        self._journal.champion()

    def load(self, seed: int) -> TrainingData:
        """Load the images and cut off the validation set.

        Raises:
            InvalidDataset: If a file is missing or is not what it claims to be.
        """
        return load_training_data(self._settings.data_dir, seed)

    def train(
        self, recipe: Recipe, data: TrainingData, seed: int, on_epoch: Callable[[Epoch], None]
    ) -> Training:
        """Train a network; a repeated call goes on from the last complete epoch."""
        return train(
            recipe,
            data.train,
            data.validation,
            seed=seed,
            on_epoch=on_epoch,
            checkpoint_dir=self._checkpoints(recipe, data, seed),
        )

    def measure(self, training: Training, data: TrainingData, folder: Path) -> Candidate:
        """Calibrate, export and evaluate the trained network.

        Raises:
            IntegrityError: If the exported graph does not agree with the Keras model.
        """
        return make_candidate(
            training,
            data.validation,
            data.dataset.test,
            folder,
            max_accepted_error_rate=self._settings.max_accepted_error_rate,
        )

    def publish(
        self, candidate: Candidate, recipe: Recipe, data: TrainingData, seed: int
    ) -> RegisteredVersion:
        """Log the run, register the version and call it `candidate`."""
        record = write_up(candidate, recipe, data.dataset, data.validation, seed)
        version = self._publisher.publish(record)
        self._aliases.nominate(version)
        shutil.rmtree(self._checkpoints(recipe, data, seed), ignore_errors=True)
        return version

    def judge(
        self,
        candidate: Candidate,
        version: RegisteredVersion,
        data: TrainingData,
        policy: dict[str, Any] | None,
    ) -> Judgement:
        """Compare the candidate with the champion on the same test images."""
        self._aliases.reconcile()
        applied = _policy(data.dataset, policy or {})
        theirs = evidence(
            version.name,
            version.version,
            data.dataset,
            candidate.probabilities,
            runtime=candidate.runtime,
            holdout_uses=self._uses_of(data.dataset.test.digest),
        )
        champion: PinnedModel | None = None
        try:
            champion = self._champion()
            ours = self._evidence_of(champion, data) if champion else None
            decision = decide(theirs, ours, applied)
        except IntegrityError as error:
            decision = refuse(f"The champion cannot be trusted: {error}", applied)
        return Judgement(decision, champion, report(decision))

    def conclude(
        self, judgement: Judgement, version: RegisteredVersion, data: TrainingData, who: str
    ) -> JournalEntry:
        """Record the decision, whatever it is, and move `champion` if it says so."""
        decision = judgement.decision
        self._publisher.add_decision(version, judgement.report, decision.as_dict())
        return self._aliases.decide(
            promote=decision.promote,
            version=version,
            champion_seen=judgement.champion.version if judgement.champion else None,
            who=who,
            verdict=str(decision.verdict),
            reasons=list(decision.reasons),
            policy_version=decision.policy_version,
            images_digest=data.dataset.test.digest,
        )

    def _champion(self) -> PinnedModel | None:
        try:
            return self._reader.champion()
        except NoChampion:
            return None

    def _evidence_of(self, champion: PinnedModel, data: TrainingData) -> Evidence:
        predictor = self._reader.predictor(champion)
        probabilities = predictor.predict(data.dataset.test.images)
        return evidence(champion.name, champion.version, data.dataset, probabilities)

    def _uses_of(self, images_digest: str) -> int:
        return sum(e.images_digest == images_digest for e in self._journal.entries())

    def _checkpoints(self, recipe: Recipe, data: TrainingData, seed: int) -> Path:
        name = f"{recipe.name}-{seed}-{data.train.digest[:16]}"
        return self._settings.cache_dir / "checkpoints" / name


def _policy(dataset: Dataset, overrides: dict[str, Any]) -> Policy:
    base = Policy() if dataset.source == "mnist" else small_sample_policy()
    return Policy(**{**base.model_dump(exclude_defaults=True), **overrides})
