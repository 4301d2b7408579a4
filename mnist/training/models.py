"""Networks, built from code by the name of their architecture. Scoring never needs this."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist.digits import CLASSES, SIDE
from mnist.errors import InvalidRecipe
from mnist.training.architectures import ARCHITECTURES
from mnist.training.backend import keras, require_tensorflow
from mnist.training.recipes import Recipe

Model = Any
"""A keras.Model; Keras publishes no types."""


LOGITS = "logits"
"""Name of the layer that ends a body."""


def build_body(recipe: Recipe, *, name: str = "body") -> Model:
    """Build the trainable part of a recipe's network.

    Args:
        recipe: Names the architecture and its width and dropout.
        name: What to call it; the members of an ensemble need different names.

    Returns:
        A model from float images, shape (n, 28, 28, 1), values 0-1, to logits (n, 10) float32; to
        (n, 11) if the recipe has outliers, of which the last is for "not a digit".

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
    features = ARCHITECTURES[recipe.architecture](inputs, recipe)
    logits = keras.layers.Dense(answers(recipe), name=LOGITS)(features)
    return keras.Model(inputs, logits, name=name)


def answers(recipe: Recipe) -> int:
    """Count the answers of a recipe's network: the digits, and "not a digit" if it learns that."""
    return CLASSES + (recipe.outliers > 0)


def assemble(bodies: Sequence[Model], name: str) -> Model:
    """Join trained bodies into the network that is saved, exported and scored.

    Args:
        bodies: One network, or the members of an ensemble, whose probabilities are averaged.
        name: Name of the Keras model.

    Returns:
        A model from raw images, shape (n, 28, 28), uint8, to probabilities (n, 10) float32.
        Rescaling to 0-1 is part of it, so nobody can forget it. They are those of the digits if it
        is one; how likely that is, the scoring graph says (`mnist.scoring.ood`).
    """
    images = keras.Input((SIDE, SIDE), dtype="uint8", name="images")
    scaled = keras.layers.Rescaling(1 / 255, name="rescale")(images)
    scaled = keras.layers.Reshape((SIDE, SIDE, 1), name="channel")(scaled)
    members = [keras.layers.Softmax()(_of_digits(body(scaled))) for body in bodies]
    probabilities = members[0] if len(members) == 1 else keras.layers.Average()(members)
    return keras.Model(images, probabilities, name=name)


def _of_digits(logits: Any) -> Any:
    return logits if logits.shape[-1] == CLASSES else logits[:, :CLASSES]


def with_temperature(model: Model, temperature: float) -> Model:
    """Put temperature scaling behind a model, so that whoever runs it gets calibrated confidences.

    Args:
        model: From images to probabilities (n, 10).
        temperature: From `mnist.evaluation.calibration.fit_temperature`.
    """
    logits = keras.ops.log(keras.ops.maximum(model.output, np.finfo(np.float32).tiny))
    return keras.Model(
        model.input, keras.ops.softmax(logits / temperature, axis=-1), name=model.name
    )
