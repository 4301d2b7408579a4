"""Retrain: data, split, train, measure, register, judge, and move the champion or not."""

from __future__ import annotations

import tempfile
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows.support import approval, artifacts, events
from flows.support.parameters import Seed, Text, WholeSeconds
from flows.support.retries import retried_task
from mnist import services
from mnist.errors import Remedy
from mnist.orchestrator import command
from mnist.training.recipes import PORTIONS, get_recipe, header

if TYPE_CHECKING:
    from mnist.candidates.candidate import Candidate
    from mnist.data.training_data import TrainingData
    from mnist.operations.approval import Approval
    from mnist.operations.gates import Judgement
    from mnist.registry.publishing import RegisteredVersion
    from mnist.storage.journal import JournalEntry
    from mnist.training.recipes import Recipe
    from mnist.training.train import Epoch, Training


@task(name="load-data", cache_policy=NO_CACHE)
def load_data(seed: int, recipe: Recipe | None = None) -> TrainingData:
    """Load the images, cut off the validation set, and say what is learned from."""
    data = services.current().retraining.load(seed, recipe)
    get_run_logger().info(
        "Data: %s, %d images to train on, %d to validate, %d to test.",
        data.dataset.source,
        data.train.n,
        data.validation.n,
        data.dataset.test.n,
    )
    for why, count in data.left_out.items():
        get_run_logger().info("Left out of %s: %d, %s.", data.dataset.source, count, why)
    for source in data.sources if data.added else ():
        get_run_logger().info(
            "%s %s: %d images, %d times per epoch, %.1f %% of it; digest %s.",
            source["kind"],
            source["name"],
            source["images"],
            source["repeats"],
            100 * source["share"],
            source["digest"][:12],
        )
    if data.reviewed.images.n or data.reviewed.left_out:
        get_run_logger().info("Reviewed images: %s", data.reviewed.sentence)
    return data


@task(name="is-it-new", cache_policy=NO_CACHE)
def nothing_new(recipe: Recipe, data: TrainingData, seed: int, who: str) -> JournalEntry | None:
    """Record, before any time is spent, that this training would give the champion once more."""
    retraining = services.current().retraining
    entry = retraining.nothing_new(retraining.origin(recipe, data, seed), who)
    if entry is not None:
        artifacts.publish_decision(entry, " ".join(entry.reasons))
        events.decided(entry)
        get_run_logger().info("%s", " ".join(entry.reasons))
    elif warning := retraining.obstacle(data):
        get_run_logger().warning("%s", warning)
    return entry


@task(name="train", cache_policy=NO_CACHE)
def train(recipe: Recipe, data: TrainingData, seed: int) -> Training:
    """Train the network, showing every epoch."""
    logger = get_run_logger()
    again = command(Remedy("retrain", {"recipe": recipe.name, "seed": str(seed)}))
    logger.info("%s To repeat it: %s", header(recipe.name, recipe.expected), again)
    progress = artifacts.Progress(f"training {recipe.name}")
    total = recipe.epochs * recipe.members
    done = 0

    def show(epoch: Epoch) -> None:
        nonlocal done
        done += 1
        text = (
            f"epoch {epoch.number} of {recipe.epochs}: validation accuracy "
            f"{epoch.validation_accuracy:.4f}, loss {epoch.validation_loss:.4f}, "
            f"{epoch.wall_seconds:.1f} s"
        )
        logger.info("%s", text)
        progress.step(min(1.0, done / total), text)

    training = services.current().retraining.train(recipe, data, seed, show)
    logger.info(
        "Trained on %s in %.1f s, %.1f CPU s.",
        training.device,
        training.wall_seconds,
        training.cpu_seconds,
    )
    if training.resumed_from_epoch:
        logger.info(
            "An interrupted training went on: %d of %d epochs came from its checkpoint.",
            training.resumed_from_epoch,
            total,
        )
    return training


@task(name="train-line-network", cache_policy=NO_CACHE)
def train_lines(recipe: Recipe, data: TrainingData, seed: int, *, new: bool) -> bytes | None:
    """Train the network for lines of several digits, or take over the champion's."""
    retraining = services.current().retraining
    if not recipe.strips:
        return retraining.lines.champions()
    if not new:
        champions = retraining.lines.to_take_over(recipe, data)
        get_run_logger().info("%s", champions.reason)
        if champions.graph is not None:
            return champions.graph
    get_run_logger().info("Drawing %s lines of digits to train the line network.", recipe.strips)
    progress = artifacts.Progress("training the line network")

    def show(done: int, loss: float) -> None:
        text = f"portion {done} of {PORTIONS}: loss {loss:.3f}"
        get_run_logger().info("%s", text)
        progress.step(done / PORTIONS, text)

    return retraining.train_lines(recipe, data, seed, show)


@task(name="measure", cache_policy=NO_CACHE)
def measure(
    training: Training, data: TrainingData, folder: Path, line_graph: bytes | None = None
) -> Candidate:
    """Calibrate, export and evaluate."""
    candidate = services.current().retraining.measure(training, data, folder, line_graph)
    get_run_logger().info(
        "Test accuracy %.4f, macro F1 %.4f, %d errors.",
        candidate.evaluation.accuracy,
        candidate.evaluation.macro_f1,
        candidate.evaluation.errors,
    )
    return candidate


@task(name="publish", cache_policy=NO_CACHE)
def publish(
    candidate: Candidate, recipe: Recipe, data: TrainingData, seed: int
) -> RegisteredVersion:
    """Log the run and register the version as `candidate`."""
    version = services.current().retraining.publish(candidate, recipe, data, seed)
    get_run_logger().info(
        "Registered %s version %s: %s", version.name, version.version, version.run_url
    )
    return version


@retried_task("judge")
def judge(
    candidate: Candidate,
    version: RegisteredVersion,
    data: TrainingData,
    policy: dict[str, Any] | None,
) -> Judgement:
    """Compare the candidate with the champion on the same images."""
    retraining = services.current().retraining
    return artifacts.judged(
        lambda progress: retraining.judge(candidate, version, data, policy, progress)
    )


@task(name="conclude", cache_policy=NO_CACHE)
def conclude(
    judgement: Judgement, version: RegisteredVersion, who: str, approval: Approval | None
) -> JournalEntry:
    """Record the decision and, if it says so, move the champion."""
    entry, report = services.current().retraining.conclude(judgement, version, who, approval)
    artifacts.publish_decision(entry, report)
    events.decided(entry)
    get_run_logger().info(
        "Version %s %s (%s): %s",
        entry.to_version,
        entry.action,
        entry.verdict,
        " ".join(entry.reasons),
    )
    return entry


def _seed(asked_for: int | None) -> int:
    """Give the seed that was asked for; or a new one, the day on which the run was due.

    The day stays the same when a run is started late, or again after a crash.
    """
    if asked_for is not None:
        return asked_for
    return int(f"{flow_run.get_scheduled_start_time().astimezone(UTC):%Y%m%d}")


def _run_name() -> str:
    """Name a run after recipe and seed, also where the seed is a new one."""
    parameters = flow_run.get_parameters()
    return f"retrain-{parameters['recipe']}-seed-{_seed(parameters['seed'])}"


@flow(name="retrain", flow_run_name=_run_name)
def retrain(
    recipe: Text = "demo",
    seed: Seed | None = 0,
    policy: dict[str, Any] | None = None,
    approval_seconds: WholeSeconds = 0,
    new_line_network: bool = False,  # noqa: FBT001, FBT002 -- a field of the form
) -> dict[str, Any]:
    """Train a candidate and let the gates decide whether it becomes champion.

    A refused promotion is a successful run with a negative answer; the decision and its reasons
    are recorded either way. So is a training that would give the champion once more, which is
    not made.

    Args:
        recipe: Name of a training recipe; a wrong name lists those there are.
        seed: Determines split, weights, order and augmentation; null takes a new one, the day on
            which the run was due (UTC), such as 20261129.
        policy: Fields of the promotion policy to override; see docs/gates.md.
        approval_seconds: If above 0, the run pauses before it promotes and waits as long for a
            person to resume it with a name, a reason and a yes. No answer is a no.
        new_line_network: Train the line network anew, though the champion's learned from nearly
            the same images.

    Returns:
        The journal entry of the decision.

    Raises:
        InvalidRecipe: If there is no such recipe.
        InvalidPolicy: If the policy has unknown fields or impossible values.
        InvalidDataset: If MNIST is not to be had, or corrupt.
        Unavailable: If the registry or the store does not answer.
    """
    chosen = get_recipe(recipe)
    services.current().retraining.check_policy(policy)
    services.current().retraining.check_registry()
    used_seed, who = _seed(seed), f"flow run {flow_run.get_name()}"
    with tempfile.TemporaryDirectory(prefix="retrain-") as folder:
        data = load_data(used_seed, chosen)
        chosen = chosen.for_images(data.train.n)
        if (entry := nothing_new(chosen, data, used_seed, who)) is not None:
            return entry.model_dump(mode="json")
        training = train(chosen, data, used_seed)
        line_graph = train_lines(chosen, data, used_seed, new=new_line_network)
        candidate = measure(training, data, Path(folder), line_graph)
        version = publish(candidate, chosen, data, used_seed)
        judgement = judge(candidate, version, data, policy)
        answer = approval.ask(judgement, approval_seconds) if approval_seconds > 0 else None
        entry = conclude(judgement, version, who, answer)
    return entry.model_dump(mode="json")
