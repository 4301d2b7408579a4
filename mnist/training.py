"""Training one network, or the members of an ensemble, after a recipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnist.augmentation import RandomDistortion
from mnist.backend import keras
from mnist.digits import CLASSES
from mnist.labelled import LabelledImages
from mnist.models import Model, assemble, build_body
from mnist.recipes import Recipe


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images came to.

    Attributes:
        number: 1 for the first.
        loss: Mean training loss, with label smoothing and distortions.
        accuracy: Share of distorted training images recognised.
        validation_loss: Mean loss on the validation images, undistorted.
        validation_accuracy: Share of validation images recognised.
        learning_rate: At the end of the epoch.
        wall_seconds: Duration, validation included.
        member: Which network of an ensemble, from 0.
    """

    number: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    wall_seconds: float
    member: int = 0


@dataclass
class Training:
    """A trained network and how it came about.

    Attributes:
        model: Keras model from uint8 images (n, 28, 28) to probabilities (n, 10).
        history: Every epoch in order, also those before an interruption.
        wall_seconds: Time on the clock, without reading the data.
        cpu_seconds: Processor time of this process over all cores.
        parameters: Trainable and other numbers in the model.
        stopped_early: Whether patience ran out before the recipe's last epoch.
        resumed_from_epoch: Epochs taken over from a checkpoint; 0 for a run in one piece.
    """

    model: Model
    history: list[Epoch]
    wall_seconds: float
    cpu_seconds: float
    parameters: int
    stopped_early: bool
    resumed_from_epoch: int = 0


def _ignore(_: Epoch) -> None:
    """Report to nobody."""


def train(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    *,
    seed: int,
    on_epoch: Callable[[Epoch], None] = _ignore,
    checkpoint_dir: Path | None = None,
) -> Training:
    """Train a recipe's network; keep the weights of the epoch with the best validation loss.

    Args:
        recipe: What to train and how.
        train: Images to learn from.
        validation: Images to stop and select by; never learned from.
        seed: Determines weights, order and distortions.
        on_epoch: Told about every epoch as it ends.
        checkpoint_dir: Where to keep the state after every epoch, so that the same call, made
            again after an interruption, goes on from there; None keeps none.

    Raises:
        InvalidRecipe: If the recipe names an unknown architecture.
        InvalidDataset: If there are fewer training images than one batch.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    bodies, history = [], []
    for member in range(recipe.members):
        body, epochs = _train_body(recipe, train, validation, seed + 1_000 * member, on_epoch)
        bodies.append(body)
        history += [replace(epoch, member=member) for epoch in epochs]
    model = assemble(bodies, recipe.name.replace("-", "_"))
    return Training(
        model=model,
        history=history,
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        parameters=model.count_params(),
        stopped_early=len(history) < recipe.epochs * recipe.members,
    )


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Training images in an order that depends on the seed and the epoch alone."""

    def __init__(self, data: LabelledImages, batch_size: int, seed: int) -> None:
        super().__init__()
        self._images = data.images
        self._targets = np.eye(CLASSES, dtype=np.float32)[data.labels]
        self._batch_size = batch_size
        self._seed = seed
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Shuffle for one epoch."""
        self._order = np.random.default_rng((self._seed, epoch)).permutation(len(self._images))

    def __len__(self) -> int:
        return len(self._images) // self._batch_size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._images[rows], self._targets[rows]


def _train_body(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    seed: int,
    on_epoch: Callable[[Epoch], None],
) -> tuple[Model, list[Epoch]]:
    keras.utils.set_random_seed(seed)
    body = build_body(recipe, precision=recipe.precision)
    batches = _Batches(train, recipe.batch_size, seed)
    model = _trainable(recipe, body, seed, len(batches))
    epochs: list[Epoch] = []
    started = time.perf_counter()

    def note(number: int, logs: dict[str, float]) -> None:
        nonlocal started
        now = time.perf_counter()
        epoch = Epoch(
            number=number + 1,
            loss=logs["loss"],
            accuracy=logs["accuracy"],
            validation_loss=logs["val_loss"],
            validation_accuracy=logs["val_accuracy"],
            learning_rate=float(model.optimizer.learning_rate),
            wall_seconds=now - started,
        )
        started = now
        epochs.append(epoch)
        on_epoch(epoch)

    targets = np.eye(CLASSES, dtype=np.float32)[validation.labels]
    model.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=(validation.images, targets),
        validation_batch_size=500,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=recipe.patience, restore_best_weights=True
            ),
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch), on_epoch_end=note
            ),
        ],
    )
    return body, epochs


def _trainable(recipe: Recipe, body: Model, seed: int, steps_per_epoch: int) -> Model:
    """Wrap a body in rescaling and distortion, with its optimizer and loss."""
    images = keras.Input((28, 28), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Reshape((28, 28, 1))(x)
    x = RandomDistortion(recipe.distortion, seed)(x)
    model = keras.Model(images, body(x))
    steps = steps_per_epoch * recipe.epochs
    warmup = round(steps * recipe.warmup_share)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.peak_learning_rate / 10,
        decay_steps=steps - warmup,
        warmup_target=recipe.peak_learning_rate,
        warmup_steps=warmup,
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        ),
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model
