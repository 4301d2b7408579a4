"""Network architectures, built from code by name. Scoring never needs this module."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mnist.backend import keras, require_tensorflow
from mnist.digits import CLASSES, SIDE
from mnist.errors import InvalidRecipe
from mnist.recipes import Recipe

Model = Any
"""A keras.Model; Keras publishes no types."""


def build_body(recipe: Recipe, *, precision: str = "float32", name: str = "body") -> Model:
    """Build the trainable part of a recipe's network.

    Args:
        recipe: Names the architecture and its width and dropout.
        precision: Keras dtype policy, such as `mixed_bfloat16`.
        name: What to call it; the members of an ensemble need different names.

    Returns:
        A model from float images, shape (n, 28, 28, 1), values 0-1, to logits (n, 10) float32.

    Raises:
        InvalidRecipe: If the architecture does not exist; the message lists those that do.
        InvalidSettings: If Keras runs on another backend than TensorFlow.
    """
    require_tensorflow()
    if recipe.architecture not in ARCHITECTURES:
        raise InvalidRecipe(
            f"Recipe {recipe.name!r} asks for the architecture {recipe.architecture!r}; choose "
            f"one of {', '.join(ARCHITECTURES)}."
        )
    inputs = keras.Input((SIDE, SIDE, 1), name="scaled")
    policy = keras.DTypePolicy(precision)
    features = ARCHITECTURES[recipe.architecture](inputs, recipe, policy)
    logits = keras.layers.Dense(CLASSES, name="logits", dtype="float32")(features)
    return keras.Model(inputs, logits, name=name)


def assemble(bodies: Sequence[Model], name: str) -> Model:
    """Join trained bodies into the network that is saved, exported and scored.

    Args:
        bodies: One network, or the members of an ensemble, whose probabilities are averaged.
        name: Name of the Keras model.

    Returns:
        A model from raw images, shape (n, 28, 28), uint8, to probabilities (n, 10) float32.
        Rescaling to 0-1 is part of it, so nobody can forget it.
    """
    images = keras.Input((SIDE, SIDE), dtype="uint8", name="images")
    scaled = keras.layers.Rescaling(1 / 255, name="rescale")(images)
    scaled = keras.layers.Reshape((SIDE, SIDE, 1), name="channel")(scaled)
    members = [keras.layers.Softmax()(body(scaled)) for body in bodies]
    probabilities = members[0] if len(members) == 1 else keras.layers.Average()(members)
    return keras.Model(images, probabilities, name=name)


def with_temperature(model: Model, temperature: float) -> Model:
    """Put temperature scaling behind a model, so that whoever runs it gets honest confidences.

    Args:
        model: From images to probabilities (n, 10).
        temperature: From `mnist.calibration.fit_temperature`.
    """
    logits = keras.ops.log(keras.ops.maximum(model.output, np.finfo(np.float32).tiny))
    return keras.Model(
        model.input, keras.ops.softmax(logits / temperature, axis=-1), name=model.name
    )


def _lenet(x: Any, recipe: Recipe, policy: Any) -> Any:
    """Two 5x5 convolutions and a dense layer, after LeNet-5 (LeCun et al. 1998)."""
    for filters in (24, 48):
        x = _convolve(x, filters, 5, recipe, policy, pool=2)
    x = keras.layers.Flatten(dtype=policy)(x)
    x = keras.layers.Dense(_scaled(128, recipe), use_bias=False, dtype=policy)(x)
    x = _normalise(x, policy)
    return keras.layers.Dropout(recipe.dropout, dtype=policy)(x)


def _convolve(
    x: Any, filters: int, side: int, recipe: Recipe, policy: Any, *, pool: int = 1
) -> Any:
    """Convolve, pool, normalise, rectify; pooling first spares three quarters of the rest."""
    x = keras.layers.Conv2D(_scaled(filters, recipe), side, use_bias=False, dtype=policy)(x)
    if pool > 1:
        x = keras.layers.MaxPooling2D(pool, dtype=policy)(x)
    return _normalise(x, policy)


def _normalise(x: Any, policy: Any) -> Any:
    x = keras.layers.BatchNormalization(momentum=0.9, dtype=policy)(x)
    return keras.layers.ReLU(dtype=policy)(x)


def _scaled(filters: int, recipe: Recipe) -> int:
    return max(1, round(filters * recipe.width))


ARCHITECTURES: dict[str, Callable[[Any, Recipe, Any], Any]] = {"lenet": _lenet}
"""Every architecture by its name: from scaled images to features."""
