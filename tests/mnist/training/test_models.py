"""Networks: built by name, with rescaling inside, averaging what they are made of."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.errors import InvalidRecipe, InvalidSettings
from mnist.training import backend
from mnist.training.backend import keras
from mnist.training.models import ARCHITECTURES, assemble, build_body
from mnist.training.recipes import Recipe

RECIPE = Recipe("small", "deep-cnn", epochs=1, width=0.25)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_every_architecture_turns_raw_images_into_probabilities(architecture: str) -> None:
    model = assemble([build_body(replace(RECIPE, architecture=architecture))], "small")
    probabilities = np.asarray(model(IMAGES))
    assert probabilities.shape == (6, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_width_applies_to_every_architecture(architecture: str) -> None:
    recipe = replace(RECIPE, architecture=architecture)
    wide = build_body(replace(recipe, width=0.5))
    assert wide.count_params() > 1.5 * build_body(recipe).count_params()


def test_rescaling_is_part_of_the_network() -> None:
    body = build_body(RECIPE)
    outside = keras.ops.softmax(body(IMAGES[..., None].astype(np.float32) / 255))
    inside = assemble([body], "small")(IMAGES)
    np.testing.assert_allclose(np.asarray(inside), np.asarray(outside), atol=1e-6)


def test_an_ensemble_averages_probabilities() -> None:
    bodies = [build_body(RECIPE, name=f"body_{n}") for n in range(3)]
    alone = [np.asarray(assemble([body], "one")(IMAGES)) for body in bodies]
    together = np.asarray(assemble(bodies, "all")(IMAGES))
    np.testing.assert_allclose(together, np.mean(alone, axis=0), atol=1e-6)


def test_dropout_is_only_there_while_training() -> None:
    body = build_body(replace(RECIPE, dropout=0.5))
    scaled = IMAGES[..., None] / np.float32(255)
    np.testing.assert_array_equal(np.asarray(body(scaled)), np.asarray(body(scaled)))
    assert not np.array_equal(
        np.asarray(body(scaled, training=True)), np.asarray(body(scaled, training=True))
    )


def test_an_unknown_architecture_gets_the_list() -> None:
    with pytest.raises(InvalidRecipe, match=r"'small' asks .* 'resnet'; choose one of .*deep-cnn"):
        build_body(replace(RECIPE, architecture="resnet"))


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend.keras.backend, "backend", lambda: "jax")
    with pytest.raises(InvalidSettings, match=r"Keras runs on 'jax'.*KERAS_BACKEND=tensorflow"):
        build_body(RECIPE)
