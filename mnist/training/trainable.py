"""The form a network takes while it is trained: same weights, cheaper arithmetic.

What is saved, exported and scored consists of Keras' own layers in float32. Training it like that
costs more than it needs to; so a copy is trained, and its weights are put back.
"""

from typing import Any

import tensorflow as tf

from mnist.training.backend import keras
from mnist.training.models import LOGITS, Model


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # untyped
    """Batch normalisation (Ioffe and Szegedy 2015) by one kernel where Keras runs a dozen.

    Does as its parent does, except that the moving variance is fed by the unbiased variance of a
    batch. Input: (n, height, width, channels), any float type.
    """

    def call(self, inputs: Any, *, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise by the batch while training, else by the moving averages."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        normalised, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            tf.cast(self.gamma, tf.float32),
            tf.cast(self.beta, tf.float32),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, seen in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + seen * (1 - self.momentum))
        return normalised


def trainable_copy(body: Model, precision: str) -> Model:
    """Copy a network for training; `body.set_weights(copy.get_weights())` takes the result back.

    Args:
        body: From `mnist.training.models.build_body`.
        precision: Keras dtype policy of every layer but the last, such as `mixed_bfloat16`.
    """

    def copy(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name != LOGITS:
            config["dtype"] = precision
        fused = isinstance(layer, keras.layers.BatchNormalization) and layer.input.ndim == 4
        return (FusedBatchNormalization if fused else type(layer)).from_config(config)

    trainable = keras.models.clone_model(body, clone_function=copy)
    trainable.set_weights(body.get_weights())
    return trainable
