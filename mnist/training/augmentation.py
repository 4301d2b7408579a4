"""Augmentation: random changes of training images, drawn anew for every image of every step.

They run inside the compiled training step as one layer, so they cost no copy of the data.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from mnist.digits import SIDE
from mnist.training.backend import keras
from mnist.training.recipes import Augmentation

_CENTRE = (SIDE - 1) / 2

_THINNING = 0.6
"""Of full erosion: thin strokes would vanish."""


class RandomAugmentation(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Changes images while training; passes them through untouched otherwise.

    Input and output: float, shape (n, 28, 28, 1), values 0-1, dark ground. The random state is a
    weight, so a training that resumes from a checkpoint goes on with the same draws.
    """

    def __init__(self, augmentation: Augmentation, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.augmentation = augmentation
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, *, training: bool = False) -> Any:
        """Change each image by its own draw."""
        if not training or self.augmentation == Augmentation():
            return images
        images = self._other_pens(images)
        maps = self._affine_maps(tf.shape(images)[0])
        moved = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=tf.pad(tf.reshape(maps, (-1, 6)), [[0, 0], [0, 2]]),
            output_shape=(SIDE, SIDE),
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
        )
        return self._blurred(moved)

    def _other_pens(self, images: Any) -> Any:
        """Make the strokes of some images thicker and of as many thinner, by up to two pixels."""
        share = self.augmentation.pen_share
        if not share:
            return images
        chosen, strength = self._chances(images)
        thicker = tf.where(chosen < share / 2, strength, 0)
        thinner = tf.where((chosen >= share / 2) & (chosen < share), _THINNING * strength, 0)
        dilated = tf.nn.max_pool2d(images, 3, 1, "SAME")
        eroded = -tf.nn.max_pool2d(-images, 3, 1, "SAME")
        return images + thicker * (dilated - images) + thinner * (eroded - images)

    def _blurred(self, images: Any) -> Any:
        """Blur some images, by up to a mean over 3x3 pixels."""
        share = self.augmentation.blur_share
        if not share:
            return images
        chosen, strength = self._chances(images)
        blurred = tf.nn.avg_pool2d(images, 3, 1, "SAME")
        return images + tf.where(chosen < share, strength, 0) * (blurred - images)

    def _chances(self, images: Any) -> tuple[Any, Any]:
        """Draw two numbers from 0-1 for each image, shape (n, 1, 1, 1)."""
        chances = (self._draw((tf.shape(images)[0], 1, 1, 2), 1.0) + 1) / 2
        return chances[..., :1], chances[..., 1:]

    def _draw(self, shape: tuple[Any, ...], limit: float) -> Any:
        return keras.random.uniform(shape, -limit, limit, seed=self.seed_generator)

    def _affine_maps(self, batch: Any) -> Any:
        """Draw a 2x3 matrix for each image, from output to input pixels, shape (n, 2, 3)."""
        limits = self.augmentation
        angle = self._draw((batch,), np.deg2rad(limits.rotation_degrees))
        shear = self._draw((batch,), limits.shear)
        width = 1 + self._draw((batch,), limits.scale)
        height = 1 + self._draw((batch,), limits.scale)
        shift = self._draw((batch, 2), limits.shift_pixels)
        # The inverse map: turn, slant and scale about the centre of the image, then shift.
        cos, sin = tf.cos(angle), tf.sin(angle)
        a, b = cos / width, (shear * cos - sin) / width
        c, e = sin / height, (shear * sin + cos) / height
        dx = _CENTRE * (1 - a - b) + shift[:, 0]
        dy = _CENTRE * (1 - c - e) + shift[:, 1]
        return tf.reshape(tf.stack([a, b, dx, c, e, dy], axis=1), (-1, 2, 3))
