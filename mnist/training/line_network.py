"""The line network: from a line of writing to its digits, without cutting it.

Convolutions and connectionist temporal classification (Graves et al. 2006); no recurrence, so it is
small, and a line may have any width. It learns from strips that are drawn from single digits.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mnist.data.labelled import LabelledImages
from mnist.layouts.line_images import LINE_HEIGHT
from mnist.layouts.sequences import ANSWERS
from mnist.training.backend import keras, require_tensorflow
from mnist.training.models import Model
from mnist.training.recipes import PORTIONS
from mnist.training.strips import StripDrawer

VERSION = 1
"""Raised when the network or its strips change so that the champion's is not taken over."""

BATCH = 32
"""Strips of a step."""

_WIDTHS = (96, 160, 224)
"""Of strips, in pixels; those of a step are padded to the same."""

_MOST_DIGITS = 10

_PEAK_LEARNING_RATE = 2e-3

_WARM_UP = 0.05
"""Share of the steps in which the learning rate rises, from a twentieth of its peak."""


def build_line_network() -> Model:
    """Build a network that is not trained yet.

    Returns:
        A model from line images (n, LINE_HEIGHT, w), uint8, to logarithms of probabilities
        (n, w / 4, ANSWERS): no digit, then the digits 0 to 9.
    """
    require_tensorflow()
    layers = keras.layers
    images = keras.Input((LINE_HEIGHT, None), dtype="uint8", name="lines")
    x = layers.Reshape((LINE_HEIGHT, -1, 1))(layers.Rescaling(1 / 255)(images))
    for filters, pool in ((16, (2, 2)), (32, (2, 2)), (48, None), (64, (2, 1)), (96, None)):
        x = _convolve(x, filters, 3, "same")
        x = layers.MaxPooling2D(pool)(x) if pool else x
    # What is left of the height becomes one row.
    x = _convolve(layers.ZeroPadding2D((0, 1))(x), 128, (int(x.shape[1]), 3), "valid")
    x = layers.Dropout(0.2)(layers.Reshape((-1, 128))(x))
    x = layers.Conv1D(96, 5, padding="same", activation="relu")(x)
    steps = layers.Conv1D(ANSWERS, 1)(x)
    return keras.Model(images, layers.Activation("log_softmax", name="steps")(steps), name="lines")


def _convolve(x: Any, filters: int, size: int | tuple[int, int], padding: str) -> Any:
    x = keras.layers.Conv2D(filters, size, padding=padding, use_bias=False)(x)
    return keras.layers.ReLU()(keras.layers.BatchNormalization()(x))


def fit_line_network(
    learned: LabelledImages,
    strips: int,
    *,
    seed: int,
    folder: Path,
    on_portion: Callable[[int, float], None] = lambda _done, _loss: None,
) -> Model:
    """Train a line network; the same call after an interruption goes on from the last portion.

    Args:
        learned: Single digits from which the strips are drawn.
        strips: How many are drawn; each is shown once.
        seed: Determines weights and strips.
        folder: Where the state is kept after each portion.
        on_portion: Hears how many of `PORTIONS` are done, and the loss for each strip.
    """
    keras.utils.set_random_seed(seed)
    model = build_line_network()
    batches = _StripBatches(learned, max(1, strips // BATCH // PORTIONS), seed)
    steps = PORTIONS * len(batches)
    rising = int(_WARM_UP * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        _PEAK_LEARNING_RATE / 20,
        steps - rising,
        warmup_target=_PEAK_LEARNING_RATE,
        warmup_steps=rising,
    )
    model.compile(
        optimizer=keras.optimizers.Adam(rate, clipnorm=5.0),
        loss=keras.losses.CTC(),
        jit_compile=False,
    )
    model.fit(
        batches,
        epochs=PORTIONS,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(folder / "lines"),
            _Portions(batches, on_portion),
        ],
    )
    return model


class _StripBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras is untyped
    """Strips that depend on the seed, the portion and the step alone."""

    def __init__(self, learned: LabelledImages, steps: int, seed: int) -> None:
        super().__init__(workers=2)
        self._drawer = StripDrawer(learned.images, learned.labels)
        self._steps = steps
        self._seed = seed
        self.portion = 0

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        random = np.random.default_rng((self._seed, self.portion, index))
        width = _WIDTHS[index % len(_WIDTHS)]
        images = np.zeros((BATCH, LINE_HEIGHT, width), np.uint8)
        digits = np.zeros((BATCH, _MOST_DIGITS), np.int32)  # 0 is "no digit", here "no more"
        for number in range(BATCH):
            strip = self._drawer.draw(random, width)
            images[number, :, : strip.image.shape[1]] = strip.image
            digits[number, : len(strip.digits)] = np.add(strip.digits, 1)
        return images, digits


class _Portions(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Starts each portion's strips, and tells when it is done."""

    def __init__(self, batches: _StripBatches, on_portion: Callable[[int, float], None]) -> None:
        super().__init__()
        self._batches = batches
        self._on_portion = on_portion

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        del logs
        self._batches.portion = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._on_portion(epoch + 1, float((logs or {})["loss"]))
