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
from mnist.data.training_data import Shares, TrainingData, load_training_data
from mnist.errors import IntegrityError, InvalidInput, NoChampion
from mnist.images import Limits
from mnist.operations.approval import Approval
from mnist.operations.canary_choice import new_terms
from mnist.operations.gates import Gates, Judgement
from mnist.operations.line_networks import LineNetworks
from mnist.operations.measuring import Contender, ProgressCallback
from mnist.operations.relabelling import Relabelling
from mnist.operations.set_images import SetImages
from mnist.parts import Parts
from mnist.promotion import Decision, Policy, Verdict, is_lower, source_problem
from mnist.provenance import Origin, code_digest, environment_digest
from mnist.registry.publishing import RegisteredVersion
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.storage.journal import NOTHING_NEW, Action, JournalEntry
from mnist.training.backend import device
from mnist.training.recipes import Recipe
from mnist.training.train import Epoch, Training, train


class Retraining:
    """The steps of retraining, over a data folder, a registry and its journal."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._gates = Gates(parts)
        self._relabelling = Relabelling(parts)
        self.lines = LineNetworks(parts.registry)

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
        self._parts.decisions.champion()

    def load(
        self, seed: int, recipe: Recipe | None = None, *, with_wrong_labels: bool = False
    ) -> TrainingData:
        """Load the images, cut off the validation set and add what else the recipe learns from.

        Args:
            seed: Determines the validation set.
            recipe: What is trained.
            with_wrong_labels: Whether images whose label people found wrong are among them.

        Raises:
            InvalidDataset: If a file is missing or is not what it claims to be.
        """
        evaluate = (sets := SetImages(self._parts)).to_evaluate()
        return load_training_data(
            self._settings.data_dir,
            seed,
            self._relabelling.reviewed_labels(),
            labelled_sets=evaluate,
            add=lambda test: sets.to_train(recipe, test, evaluate),
            wrong=None if with_wrong_labels else self._relabelling.wrong_labels(),
            shares=Shares(
                self._settings.max_reviewed_share,
                self._settings.sets_share,
                repeats=1 if recipe is None else recipe.dataset_repeats,
            ),
            fallback=self._settings.fallback_digits,
        )

    def with_sets(self, data: TrainingData, folder: Path | None) -> TrainingData:
        """Add the labelled sets of a folder to those that are reported on.

        Raises:
            InvalidDataset: If the folder is missing or a set in it is none.
        """
        own = load_labelled_sets(folder, Limits.of(self._settings))
        return replace(data, labelled_sets={**data.labelled_sets, **own})

    def adopt(self, file: Path, data: TrainingData) -> Training:
        """Take a network that was trained elsewhere for a training of ours.

        Raises:
            InvalidInput: If the file is refused; the message says why.
        """
        return adopt_network(file, data.validation)

    def origin(self, recipe: Recipe, data: TrainingData, seed: int, on: str = "") -> Origin:
        """Say what a training is made of, on the device `on` or that of this machine.

        The same always gives the same weights.
        """
        return Origin(
            dataset=data.dataset.source,
            recipe=recipe.name,
            seed=str(seed),
            images_digest=data.digest,
            code_digest=code_digest(),
            environment_digest=environment_digest(),
            device=on or device(),
            max_accepted_error_rate=str(self._settings.max_accepted_error_rate),
        )

    def nothing_new(self, origin: Origin, who: str) -> JournalEntry | None:
        """Record, before any time is spent, that a training would give the champion once more.

        Returns:
            The journal entry; None if there is something to train.
        """
        champion = self._parts.journal.champion()
        if champion is None or not origin.gives_the_same_as(self._origin_of(champion)):
            return None
        return self._parts.aliases.decide(
            action=NOTHING_NEW,
            version=self._parts.publisher.registered(champion),
            champion_seen=champion,
            who=who,
            verdict=str(Verdict.NOTHING_NEW),
            reasons=[
                f"Nothing new: images, recipe {origin.recipe}, seed {origin.seed} and code are "
                f"those of version {champion}, the champion, so the weights would be the same and "
                f"nothing was trained. Pass another seed: {origin.recipe} has as many as you like."
            ],
            policy_version=Policy().version,
            images_digest="",
        )

    def obstacle(self, data: TrainingData) -> str | None:
        """Say before any time is spent that what these images teach cannot be promoted."""
        if (canary := self._parts.journal.canary()) is not None:
            return (
                f"Version {canary.to_version} is on canary, and one is tried at a time: nothing "
                "moves if it still is when this training has passed the gates."
            )
        champion = self._parts.journal.champion()
        theirs = self._origin_of(champion).dataset if champion else ""
        mine = data.dataset.source
        if not theirs or theirs == mine or is_lower(theirs, mine):
            return None
        return source_problem(mine, theirs)

    def _origin_of(self, version: str) -> Origin:
        try:
            return self._parts.registry.origin(version)
        except InvalidInput:  # deleted; the gates say so when they judge
            return Origin()

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

    def train_lines(
        self,
        recipe: Recipe,
        data: TrainingData,
        seed: int,
        on_portion: Callable[[int, float], None],
    ) -> bytes:
        """Train the recipe's line network; see `LineNetworks.train`."""
        folder = self._checkpoints(recipe, data, seed)
        return self.lines.train(recipe, data, seed, folder, on_portion)

    def measure(
        self,
        training: Training,
        data: TrainingData,
        folder: Path,
        line_graph: bytes | None = None,
    ) -> Candidate:
        """Calibrate, export and evaluate the trained networks.

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
            line_graph=line_graph,
        )

    def publish(
        self, candidate: Candidate, recipe: Recipe, data: TrainingData, seed: int
    ) -> RegisteredVersion:
        """Log the run, register the version and call it `candidate`."""
        origin = self.origin(recipe, data, seed, candidate.training.device)
        record = write_up(candidate, recipe, data, seed, origin)
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
            candidate.no_digit_threshold,
        )
        predictor = Predictor(candidate.graph, candidate.graph_sha256)
        contender = Contender(model, predictor, candidate.runtime, data.dataset.source)
        judgement = self._gates.judge(contender, data.dataset, policy or {}, progress)
        return self._relabelling.explain(judgement, predictor.predict, data.reviewed)

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
            action=_action(decision),
            version=version,
            champion_seen=judgement.champion,
            who=who,
            verdict=str(decision.verdict),
            reasons=list(decision.reasons),
            policy_version=decision.policy_version,
            images_digest=judgement.images_digest,
            canary=new_terms(self._parts),
        )
        return entry, judgement.report

    def _checkpoints(self, recipe: Recipe, data: TrainingData, seed: int) -> Path:
        folder = self._settings.cache_dir / "checkpoints"
        return folder / f"{recipe.name}-{seed}-{data.train.digest[:16]}"


def _action(decision: Decision) -> Action:
    if decision.verdict is Verdict.NOTHING_NEW:
        return NOTHING_NEW
    return "promoted" if decision.promote else "refused"
