"""The vocabulary: arrays of digits, outcomes of images, reasons and warnings."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLASSES = 10
"""Digits 0 to 9."""

SIDE = 28
"""Width and height of the image a model reads, in pixels."""

Image = NDArray[np.uint8]
"""One image, shape (28, 28), values 0-255, bright ink on dark ground."""

Images = NDArray[np.uint8]
"""Images, shape (n, 28, 28), values 0-255, bright ink on dark ground."""

Labels = NDArray[np.int64]
"""True digits, shape (n,), values 0-9."""

Probabilities = NDArray[np.float32]
"""One row per image, shape (n, 10), rows summing to 1."""


class Outputs(NamedTuple):
    """What a scoring graph says of n images.

    Attributes:
        probabilities: Shape (n, 10), calibrated, rows summing to 1.
        ood_scores: Out-of-distribution scores, shape (n,), larger is less like a digit; NaN from
            a version that was registered without them.
    """

    probabilities: Probabilities
    ood_scores: NDArray[np.float32]


class Outcome(StrEnum):
    """What became of one object version."""

    SCORED = "scored"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    VANISHED = "vanished"


class Reason(StrEnum):
    """Why an object version was not scored. A closed list: dashboards and clients rely on it."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not-an-image"
    UNSUPPORTED_FORMAT = "unsupported-format"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_LARGE = "too-large"
    TOO_SMALL = "too-small"
    BLANK = "blank"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    BAD_NAME = "bad-name"

    @property
    def sentence(self) -> str:
        """Say the reason in one sentence for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.EMPTY: "The file has no bytes; drop it again.",
    Reason.NOT_AN_IMAGE: "The content is not an image, whatever the name says.",
    Reason.UNSUPPORTED_FORMAT: "The image format is not one we read; convert it to PNG or JPEG.",
    Reason.TRUNCATED: "The image ends too early; the upload or copy was probably cut off.",
    Reason.CORRUPT: "The image is damaged and cannot be decoded.",
    Reason.TOO_LARGE: "The image has more bytes or pixels than the limit allows.",
    Reason.TOO_SMALL: "The image has too few pixels to hold a digit.",
    Reason.BLANK: "The image shows no ink.",
    Reason.UNREADABLE: "The store refused to hand out this object.",
    Reason.ENCRYPTED: "The zip archive is locked with a password; pack it again without one.",
    Reason.BAD_NAME: "The name inside the zip archive occurs twice or points out of the archive.",
}


class ImageWarning(StrEnum):
    """What is odd about an image that was scored all the same. Each asks for a person's look."""

    SEVERAL_COMPONENTS = "several-components"
    CUT_OFF = "cut-off"
    LOW_CONTRAST = "low-contrast"
    FAINT_INK = "faint-ink"
    NOISY = "noisy"
    UNLIKE_A_DIGIT = "unlike-a-digit"
