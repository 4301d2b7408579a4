"""Random distortions of training images, drawn anew for every image of every step.

They run inside the compiled training step as one layer, so they cost no copy of the data.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from mnist.digits import SIDE
from mnist.training.backend import keras
from mnist.training.recipes import Distortion

_CENTRE = (SIDE - 1) / 2


class RandomDistortion(keras.layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Bends images while training; passes them through untouched otherwise.

    Input and output: float, shape (n, 28, 28, 1), values 0-1, dark ground. The random state is a
    weight, so a training that resumes from a checkpoint goes on with the same draws.
    """

    def __init__(self, distortion: Distortion, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.distortion = distortion
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, *, training: bool = False) -> Any:
        """Bend each image by its own draw."""
        if not training or self.distortion == Distortion():
            return images
        batch = tf.shape(images)[0]
        maps = self._affine_maps(batch)
        images = self._change_thickness(images, batch)
        if self.distortion.elastic_pixels == 0:
            return _apply_affine(images, maps)
        return _sample(images, _affine_field(maps) + self._elastic_field(batch))

    def _draw(self, shape: tuple[Any, ...], limit: float) -> Any:
        return keras.random.uniform(shape, -limit, limit, seed=self.seed_generator)

    def _affine_maps(self, batch: Any) -> Any:
        """Draw a 2x3 matrix for each image, from output to input pixels, shape (n, 2, 3)."""
        d = self.distortion
        angle = self._draw((batch,), np.deg2rad(d.rotation_degrees))
        shear = self._draw((batch,), d.shear)
        width = 1 + self._draw((batch,), d.scale)
        height = 1 + self._draw((batch,), d.scale)
        shift = self._draw((batch, 2), d.shift_pixels)
        cos, sin = tf.cos(angle), tf.sin(angle)
        a, b = cos / width, (shear * cos - sin) / width
        c, e = sin / height, (shear * sin + cos) / height
        dx = _CENTRE * (1 - a - b) + shift[:, 0]
        dy = _CENTRE * (1 - c - e) + shift[:, 1]
        return tf.reshape(tf.stack([a, b, dx, c, e, dy], axis=1), (-1, 2, 3))

    def _elastic_field(self, batch: Any) -> Any:
        """Draw a smooth displacement in pixels for each pixel, shape (n, 28, 28, 2)."""
        coarse = keras.random.normal((batch, 7, 7, 2), seed=self.seed_generator)
        smooth = tf.image.resize(coarse, (SIDE, SIDE), method="bicubic")
        return smooth * self.distortion.elastic_pixels

    def _change_thickness(self, images: Any, batch: Any) -> Any:
        """Move each image some way towards its dilation or its erosion."""
        if self.distortion.thickness == 0:
            return images
        amount = self._draw((batch, 1, 1, 1), self.distortion.thickness)
        dilated = tf.nn.max_pool2d(images, 3, 1, "SAME")
        eroded = -tf.nn.max_pool2d(-images, 3, 1, "SAME")
        return (
            images
            + tf.maximum(amount, 0) * (dilated - images)
            + tf.maximum(-amount, 0) * (eroded - images)
        )


def _apply_affine(images: Any, maps: Any) -> Any:
    flat = tf.reshape(maps, (-1, 6))
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.pad(flat, [[0, 0], [0, 2]]),
        output_shape=(SIDE, SIDE),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def _affine_field(maps: Any) -> Any:
    """Turn matrices into the input position (x, y) of each output pixel, (n, 28, 28, 2)."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    grid = tf.constant(np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3))
    return tf.reshape(tf.einsum("pk,njk->npj", grid, maps), (-1, SIDE, SIDE, 2))


def _sample(images: Any, positions: Any) -> Any:
    """Read images at fractional positions (x, y), bilinearly, with dark ground outside."""
    padded_side = SIDE + 2
    padded = tf.reshape(tf.pad(images[..., 0], [[0, 0], [1, 1], [1, 1]]), (-1,))
    positions = tf.clip_by_value(positions + 1, 0.0, padded_side - 1.001)
    corner = tf.floor(positions)
    weight = positions - corner
    corner = tf.cast(corner, tf.int32)
    first = tf.range(tf.shape(images)[0])[:, None, None] * padded_side**2
    index = first + corner[..., 1] * padded_side + corner[..., 0]
    wx, wy = weight[..., 0], weight[..., 1]
    upper = tf.gather(padded, index) * (1 - wx) + tf.gather(padded, index + 1) * wx
    index += padded_side
    lower = tf.gather(padded, index) * (1 - wx) + tf.gather(padded, index + 1) * wx
    return (upper * (1 - wy) + lower * wy)[..., None]
