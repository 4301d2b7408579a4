"""Training a recipe: one network, or the members of an ensemble averaged into one."""

import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mnist.data.labelled import LabelledImages, concatenate
from mnist.digits import CLASSES
from mnist.errors import InvalidDataset
from mnist.training.backend import device
from mnist.training.fitting import fit_body
from mnist.training.history import Epoch
from mnist.training.models import Model, assemble
from mnist.training.outliers import draw_outliers
from mnist.training.recipes import Recipe

_SEEDS_BETWEEN_MEMBERS = 1_000

__all__ = ["Epoch", "Training", "train"]


@dataclass(frozen=True)
class Training:
    """A trained network and how it came about.

    Attributes:
        recipe: What was trained.
        seed: With which seed.
        model: Keras model from uint8 images (n, 28, 28) to probabilities (n, 10).
        history: Every epoch in order, also those before an interruption.
        wall_seconds: Time on the clock of this call, without reading the data.
        cpu_seconds: Processor time of this process over all cores, in this call.
        parameters: Numbers in the model, trained or counted.
        stopped_early: Whether patience ran out before the recipe's last epoch.
        resumed_from_epoch: Epochs taken over from a checkpoint; 0 for a run in one piece.
        device: What trained it: `CPU`, the name of a GPU, or `elsewhere`.
    """

    recipe: Recipe
    seed: int
    model: Model
    history: list[Epoch]
    wall_seconds: float
    cpu_seconds: float
    parameters: int
    stopped_early: bool
    resumed_from_epoch: int
    device: str


def train(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    *,
    seed: int,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    checkpoint_dir: Path | None = None,
) -> Training:
    """Train a recipe's network; keep the weights of the epoch with the best validation loss.

    Args:
        recipe: What to train and how.
        train: Images to learn from.
        validation: Images to stop and select by; never learned from.
        seed: Determines weights, order and augmentation; at least 0.
        on_epoch: Called with every epoch as it ends.
        checkpoint_dir: Where to keep the state after every epoch, so that the same call (same
            recipe, images and seed) made again after an interruption goes on from there and
            ends with the same weights; None keeps none.

    Raises:
        InvalidRecipe: If the recipe names an unknown architecture.
        InvalidDataset: If there are fewer training images than one batch, or none to
            validate with.
        InvalidSettings: If Keras runs on another backend than TensorFlow.
    """
    if train.n < recipe.batch_size or not validation.n:
        raise InvalidDataset(
            f"Recipe {recipe.name!r} needs at least {recipe.batch_size} training images (one "
            f"batch) and one for validation; got {train.n} and {validation.n}."
        )
    wall, cpu = time.perf_counter(), time.process_time()
    train = _with_outliers(train, recipe.outliers, seed)
    with ExitStack() as stack:
        if checkpoint_dir is None:
            folder = Path(stack.enter_context(TemporaryDirectory()))
        else:
            folder = checkpoint_dir / _identity(recipe, train, validation, seed)
        bodies, history, resumed = _fit_members(recipe, train, validation, seed, on_epoch, folder)
    model = assemble(bodies, recipe.name.replace("-", "_"))
    return Training(
        recipe=recipe,
        seed=seed,
        model=model,
        history=history,
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        parameters=model.count_params(),
        stopped_early=len(history) < recipe.epochs * recipe.members,
        resumed_from_epoch=resumed,
        device=device(),
    )


def _with_outliers(train: LabelledImages, count: int, seed: int) -> LabelledImages:
    if not count:
        return train
    images = draw_outliers(count, train.images, seed=seed)
    return concatenate([train, LabelledImages(images, np.full(count, CLASSES))])


def _fit_members(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    seed: int,
    on_epoch: Callable[[Epoch], None],
    folder: Path,
) -> tuple[list[Model], list[Epoch], int]:
    bodies: list[Model] = []
    history: list[Epoch] = []
    resumed = 0
    for member in range(recipe.members):

        def report(epoch: Epoch, member: int = member) -> None:
            on_epoch(replace(epoch, member=member))

        body, epochs, done = fit_body(
            recipe,
            train,
            validation,
            seed=seed + _SEEDS_BETWEEN_MEMBERS * member,
            on_epoch=report,
            folder=folder / f"member-{member}",
        )
        bodies.append(body)
        history += [replace(epoch, member=member) for epoch in epochs]
        resumed += done
    return bodies, history, resumed


def _identity(recipe: Recipe, train: LabelledImages, validation: LabelledImages, seed: int) -> str:
    """Name the one training a checkpoint belongs to; any other starts afresh."""
    described = f"{recipe!r} {train.digest} {validation.digest} {seed}"
    return hashlib.sha256(described.encode()).hexdigest()[:16]
