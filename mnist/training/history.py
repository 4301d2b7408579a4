"""The record of a training, epoch by epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images.

    Attributes:
        number: 1 for the first.
        loss: Mean training loss, with label smoothing and augmentation.
        accuracy: Share of augmented training images predicted correctly.
        validation_loss: Mean loss on the validation images, which are not augmented.
        validation_accuracy: Share of validation images predicted correctly.
        learning_rate: At the end of the epoch.
        wall_seconds: Duration, validation included.
        member: Which network of an ensemble, from 0.
    """

    number: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    wall_seconds: float
    member: int = 0
