"""The copy that is trained computes what the network itself would."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist.training.backend import keras
from mnist.training.models import ARCHITECTURES, build_body
from mnist.training.recipes import Recipe
from mnist.training.trainable import FusedBatchNormalization, trainable_copy

RECIPE = Recipe("small", "deep-cnn", epochs=1, width=0.1)
IMAGES = np.random.default_rng(0).random((8, 28, 28, 1), dtype=np.float32)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_a_copy_reads_images_as_its_original_does(architecture: str) -> None:
    body = build_body(replace(RECIPE, architecture=architecture))
    copy = trainable_copy(body, "float32")
    np.testing.assert_allclose(copy(IMAGES), body(IMAGES), atol=1e-6)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_only_the_logits_keep_full_precision(architecture: str) -> None:
    copy = trainable_copy(build_body(replace(RECIPE, architecture=architecture)), "mixed_bfloat16")
    policies = [layer.dtype_policy.name for layer in copy.layers[1:]]
    assert policies == ["mixed_bfloat16"] * (len(policies) - 1) + ["float32"]
    assert copy.output.dtype == "float32"


def test_normalises_a_training_batch_as_keras_does() -> None:
    batch = IMAGES.reshape(8, 14, 14, 4) * np.float32([1, 2, 3, 4])
    layers = [
        kind(momentum=0.9) for kind in (keras.layers.BatchNormalization, FusedBatchNormalization)
    ]
    expected, ours = (np.asarray(layer(batch, training=True)) for layer in layers)
    np.testing.assert_allclose(ours, expected, atol=1e-4)
    np.testing.assert_allclose(*(moving(layer) for layer in layers), rtol=1e-3)


def test_normalisation_is_fused_after_every_convolution() -> None:
    copy = trainable_copy(build_body(RECIPE), "mixed_bfloat16")
    kinds = [type(layer) for layer in copy.layers]
    assert kinds.count(FusedBatchNormalization) == kinds.count(keras.layers.Conv2D) == 4


def moving(layer: Any) -> Any:
    return np.concatenate([layer.moving_mean, layer.moving_variance])
