"""Keras on TensorFlow, the backend that trains fastest on CPU cores (measured: docs/training.md).

Keras reads `KERAS_BACKEND` once, when it is first imported; so every module of this package that
needs Keras imports it from here.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no start-up messages on stderr

import keras

from mnist.errors import InvalidSettings

__all__ = ["ELSEWHERE", "device", "keras", "require_tensorflow"]

ELSEWHERE = "elsewhere"
"""The device of a network that was not trained here."""


def require_tensorflow() -> None:
    """Refuse to train or export on another backend.

    Raises:
        InvalidSettings: If Keras was started on one.
    """
    if keras.backend.backend() != "tensorflow":
        raise InvalidSettings(
            f"Keras runs on {keras.backend.backend()!r}, but training and the export of graphs "
            "need 'tensorflow'. Set KERAS_BACKEND=tensorflow, or remove it."
        )


def device() -> str:
    """Name what trains: the first GPU that TensorFlow finds, else `CPU`."""
    import tensorflow as tf  # noqa: PLC0415 - Keras has to choose its backend first

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    details = tf.config.experimental.get_device_details(gpus[0])
    return str(details.get("device_name", gpus[0].name))
