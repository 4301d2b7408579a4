"""Retraining from data to decision, one step at a time, so that an orchestrator can order them."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist.candidates.adoption import adopt_network
from mnist.candidates.candidate import Candidate, make_candidate
from mnist.candidates.write_up import write_up
from mnist.data.labelled_sets import load_labelled_sets
from mnist.data.training_data import TrainingData, load_training_data
from mnist.errors import IntegrityError, NoChampion
from mnist.images import Limits
from mnist.operations.approval import Approval
from mnist.operations.gates import Gates, Judgement
from mnist.operations.measuring import Contender, ProgressCallback
from mnist.operations.relabelling import Relabelling
from mnist.parts import Parts
from mnist.promotion import Policy
from mnist.registry.publishing import RegisteredVersion
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.storage.journal import JournalEntry
from mnist.training.recipes import Recipe
from mnist.training.train import Epoch, Training, train


class Retraining:
    """The steps of retraining, over a data folder, a registry and its journal."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._gates = Gates(parts)
        self._relabelling = Relabelling(parts)

    def check_policy(self, overrides: dict[str, Any] | None) -> None:
        """Refuse an impossible policy before any time is spent.

        Raises:
            InvalidPolicy: Naming each wrong field.
        """
        Policy(**(overrides or {}))

    def check_registry(self) -> None:
        """Find out before any time is spent whether the result can be registered."""
        with suppress(IntegrityError, NoChampion):  # judged later, against the candidate
            self._parts.registry.champion()
        self._parts.journal.champion()

    def load(self, seed: int) -> TrainingData:
        """Load the images, cut off the validation set and add what people have labelled.

        Raises:
            InvalidDataset: If a file is missing or is not what it claims to be.
        """
        limits = Limits.of(self._settings)
        return load_training_data(
            self._settings.data_dir,
            seed,
            self._relabelling.reviewed_labels(),
            max_reviewed_share=self._settings.max_reviewed_share,
            labelled_sets=load_labelled_sets(self._settings.real_world_dir, limits),
        )

    def with_sets(self, data: TrainingData, folder: Path | None) -> TrainingData:
        """Add the labelled sets of a folder to those that are reported on.

        Raises:
            InvalidDataset: If the folder is missing or a set in it is none.
        """
        sets = load_labelled_sets(folder, Limits.of(self._settings))
        return replace(data, labelled_sets={**data.labelled_sets, **sets})

    def adopt(self, file: Path, data: TrainingData) -> Training:
        """Take a network that was trained elsewhere for a training of ours.

        Raises:
            InvalidInput: If the file is refused; the message says why.
        """
        return adopt_network(file, data.validation)

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
            data.train,
            data.validation,
            data.dataset.test,
            folder,
            labelled_sets=data.labelled_sets,
            max_accepted_error_rate=self._settings.max_accepted_error_rate,
        )

    def publish(
        self, candidate: Candidate, recipe: Recipe, data: TrainingData, seed: int
    ) -> RegisteredVersion:
        """Log the run, register the version and call it `candidate`."""
        record = write_up(candidate, recipe, data, seed)
        version = self._parts.publisher.publish(record)
        self._parts.aliases.nominate(version)
        shutil.rmtree(self._checkpoints(recipe, data, seed), ignore_errors=True)
        return version

    def judge(
        self,
        candidate: Candidate,
        version: RegisteredVersion,
        data: TrainingData,
        policy: dict[str, Any] | None,
        progress: ProgressCallback,
    ) -> Judgement:
        """Compare the candidate with the champion on the same images."""
        model = PinnedModel(
            version.name,
            version.version,
            candidate.graph_sha256,
            candidate.accept_confidence,
            candidate.ood_threshold,
        )
        predict = Predictor(candidate.graph, candidate.graph_sha256).predict
        contender = Contender(model, predict, candidate.runtime)
        judgement = self._gates.judge(contender, data.dataset, policy or {}, progress)
        return self._relabelling.explain(judgement, predict, data.reviewed)

    def conclude(
        self,
        judgement: Judgement,
        version: RegisteredVersion,
        who: str,
        approval: Approval | None = None,
    ) -> tuple[JournalEntry, str]:
        """Record the decision, whatever it is, and move `champion` if it says so.

        Args:
            judgement: What the gates say.
            version: What they say it about.
            who: Person or flow run that decides.
            approval: A person's answer, where one was asked for.

        Returns:
            The journal entry, and the report in Markdown.
        """
        if approval is not None:
            judgement, who = approval.applied(judgement, who)
        decision = judgement.decision
        self._parts.publisher.add_decision(version, judgement.report, decision.as_dict())
        entry = self._parts.aliases.decide(
            action="promoted" if decision.promote else "refused",
            version=version,
            champion_seen=judgement.champion,
            who=who,
            verdict=str(decision.verdict),
            reasons=list(decision.reasons),
            policy_version=decision.policy_version,
            images_digest=judgement.images_digest,
        )
        return entry, judgement.report

    def _checkpoints(self, recipe: Recipe, data: TrainingData, seed: int) -> Path:
        name = f"{recipe.name}-{seed}-{data.train.digest[:16]}"
        return self._settings.cache_dir / "checkpoints" / name
