"""The networks: from scaled images (n, 28, 28, 1) to features.

Each takes the recipe for its width and dropout.
"""

from collections.abc import Callable
from typing import Any

from mnist.training.backend import keras
from mnist.training.recipes import Recipe


def deep_cnn(x: Any, recipe: Recipe) -> Any:
    """Four convolutions, each normalised, and a dense layer, after VGG and LeNet-5."""
    x = _convolve(x, 32, 5, recipe, pool=2)
    x = _convolve(x, 64, 3, recipe)
    x = _convolve(x, 64, 3, recipe, pool=2)
    x = _convolve(x, 128, 3, recipe, padding="same")
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(recipe.dropout)(x)
    x = keras.layers.Dense(_scaled(128, recipe), use_bias=False)(x)
    return _normalise(x)


def complex_cnn(x: Any, recipe: Recipe) -> Any:
    """Two pairs of 3x3 convolutions and a dense layer, as tutorials build a "complex" CNN."""
    for filters in (32, 64):
        for _ in range(2):
            x = _plain_convolution(x, filters, recipe)
        x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.Dropout(recipe.dropout / 2)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(_scaled(128, recipe), activation="relu")(x)
    return keras.layers.Dropout(recipe.dropout)(x)


def simple_cnn(x: Any, recipe: Recipe) -> Any:
    """Two 3x3 convolutions, each pooled: the first network of Keras' own documentation."""
    for filters in (32, 64):
        x = _plain_convolution(x, filters, recipe)
        x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    return keras.layers.Dropout(recipe.dropout)(x)


def mlp(x: Any, recipe: Recipe) -> Any:
    """Two dense layers over the flattened image: what is lost without the second dimension."""
    x = keras.layers.Flatten()(x)
    for units in (512, 512):
        x = keras.layers.Dense(_scaled(units, recipe), use_bias=False)(x)
        x = _normalise(x)
        x = keras.layers.Dropout(recipe.dropout)(x)
    return x


def _convolve(
    x: Any,
    filters: int,
    side: int,
    recipe: Recipe,
    *,
    pool: int = 1,
    padding: str = "valid",
) -> Any:
    """Convolve, pool, normalise, rectify; pooling first spares three quarters of the rest."""
    x = keras.layers.Conv2D(_scaled(filters, recipe), side, padding=padding, use_bias=False)(x)
    if pool > 1:
        x = keras.layers.MaxPooling2D(pool)(x)
    return _normalise(x)


def _plain_convolution(x: Any, filters: int, recipe: Recipe) -> Any:
    filters = _scaled(filters, recipe)
    return keras.layers.Conv2D(filters, 3, activation="relu")(x)


def _normalise(x: Any) -> Any:
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    return keras.layers.ReLU()(x)


def _scaled(filters: int, recipe: Recipe) -> int:
    return max(1, round(filters * recipe.width))


ARCHITECTURES: dict[str, Callable[[Any, Recipe], Any]] = {
    "deep-cnn": deep_cnn,
    "complex-cnn": complex_cnn,
    "simple-cnn": simple_cnn,
    "mlp": mlp,
}
"""Every architecture by its name."""
