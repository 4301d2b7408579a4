"""Fitting one network: order of images, learning rate, loss, early stopping, checkpoints."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from mnist.data.labelled import LabelledImages
from mnist.digits import SIDE
from mnist.training.augmentation import RandomAugmentation
from mnist.training.backend import keras
from mnist.training.checkpoints import Checkpoints
from mnist.training.history import Epoch
from mnist.training.models import Model, answers, build_body
from mnist.training.recipes import Recipe
from mnist.training.trainable import trainable_copy

_VALIDATION_BATCH = 500

_log = structlog.get_logger(__name__)


def fit_body(
    recipe: Recipe,
    train: LabelledImages,
    validation: LabelledImages,
    *,
    seed: int,
    on_epoch: Callable[[Epoch], None],
    folder: Path,
) -> tuple[Model, list[Epoch], int]:
    """Fit the body of one network, going on from the checkpoint in `folder` if there is one.

    Returns:
        The body with the weights of its best epoch, always float32; all epochs; how many of
        them came from the checkpoint.
    """
    keras.utils.set_random_seed(seed)
    body = build_body(recipe, name=f"body_{seed}")
    batches = Batches(train, one_hot(train, recipe), recipe.batch_size, seed)
    trainee = trainable_copy(body, recipe.precision)
    model = _compile(recipe, trainee, seed, len(batches))
    history: list[Epoch] = []
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=recipe.patience, restore_best_weights=True
    )
    checkpoints = Checkpoints(folder, history, stopping)
    done = checkpoints.restore(model)
    if done:
        _log.info("training resumes from a checkpoint", recipe=recipe.name, epochs_done=done)
    model.fit(
        batches,
        initial_epoch=done,
        epochs=done if checkpoints.finished else recipe.epochs,
        validation_data=(validation.images, one_hot(validation, recipe)),
        validation_batch_size=_VALIDATION_BATCH,
        shuffle=False,  # Batches does it, in a way that a resumed training repeats
        verbose=0,
        callbacks=[stopping, _Record(batches, history, on_epoch), checkpoints],
    )
    body.set_weights(trainee.get_weights())
    return body, history, done


def one_hot(data: LabelledImages, recipe: Recipe) -> Any:
    """Turn labels into rows of zeros with a single one, shape (n, answers), float32."""
    return np.eye(answers(recipe), dtype=np.float32)[data.labels]


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Training images in an order that depends on the seed and the epoch alone.

    Images that do not fill a last batch wait for another epoch's shuffle.
    """

    def __init__(self, data: LabelledImages, targets: Any, batch_size: int, seed: int) -> None:
        super().__init__()
        self._images = data.images
        self._targets = targets
        self._batch_size = batch_size
        self._seed = seed
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Shuffle for one epoch, counted from 0."""
        self._order = np.random.default_rng((self._seed, epoch)).permutation(len(self._images))

    def __len__(self) -> int:
        return len(self._images) // self._batch_size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._images[rows], self._targets[rows]


class _Record(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Starts each epoch's shuffle, and reports each epoch."""

    def __init__(
        self, batches: Batches, history: list[Epoch], on_epoch: Callable[[Epoch], None]
    ) -> None:
        super().__init__()
        self._batches = batches
        self._history = history
        self._on_epoch = on_epoch
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        del logs
        self._started = time.perf_counter()
        self._batches.start_epoch(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        measured = logs or {}
        self._history.append(
            Epoch(
                number=epoch + 1,
                loss=float(measured["loss"]),
                accuracy=float(measured["accuracy"]),
                validation_loss=float(measured["val_loss"]),
                validation_accuracy=float(measured["val_accuracy"]),
                learning_rate=float(self.model.optimizer.learning_rate),
                wall_seconds=time.perf_counter() - self._started,
            )
        )
        self._on_epoch(self._history[-1])


def _compile(recipe: Recipe, body: Model, seed: int, steps_per_epoch: int) -> Model:
    """Wrap a body in rescaling and augmentation, with its optimizer and loss."""
    images = keras.Input((SIDE, SIDE), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 255)(images)
    scaled = keras.layers.Reshape((SIDE, SIDE, 1))(scaled)
    changed = RandomAugmentation(recipe.augmentation, seed, name="augmentation")(scaled)
    model = keras.Model(images, body(changed))
    model.compile(
        optimizer=keras.optimizers.AdamW(
            _one_cycle(recipe, steps_per_epoch * recipe.epochs), weight_decay=recipe.weight_decay
        ),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        ),
        metrics=["accuracy"],
        jit_compile=False,  # XLA's convolution gradients are several times slower on CPU
    )
    return model


def _one_cycle(recipe: Recipe, steps: int) -> Any:
    warmup = round(steps * recipe.warmup_share)
    return keras.optimizers.schedules.CosineDecay(
        recipe.peak_learning_rate / 10,
        decay_steps=steps - warmup,
        warmup_target=recipe.peak_learning_rate,
        warmup_steps=warmup,
    )
