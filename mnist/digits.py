"""The vocabulary: arrays of digits, outcomes of images, reasons and warnings."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

CLASSES = 10
"""Digits 0 to 9."""

SIDE = 28
"""Width and height of the image that a model takes, in pixels."""

Image = NDArray[np.uint8]
"""One image, shape (28, 28), values 0-255, bright ink on dark ground."""

Images = NDArray[np.uint8]
"""Images, shape (n, 28, 28), values 0-255, bright ink on dark ground."""

Labels = NDArray[np.int64]
"""True digits, shape (n,), values 0-9."""

Probabilities = NDArray[np.float32]
"""One row per image, shape (n, 10), rows summing to 1."""

PredictProbabilities = Callable[[Images], Probabilities]
"""A model: images, shape (n, 28, 28), uint8, in; probabilities, shape (n, 10), out."""


class Outputs(NamedTuple):
    """What a scoring graph predicts for n images.

    Attributes:
        probabilities: Shape (n, 10), calibrated, rows summing to 1.
        ood_scores: Out-of-distribution scores, shape (n,), larger is less like a digit; NaN from
            a version that was registered without them.
    """

    probabilities: Probabilities
    ood_scores: NDArray[np.float32]


class Outcome(StrEnum):
    """What became of one object version, or of one place in it."""

    SCORED = "scored"
    REJECTED = "rejected"
    EMPTY = "empty"
    NOT_A_DIGIT = "not-a-digit"
    SUPERSEDED = "superseded"
    VANISHED = "vanished"


class CodeWithSentence(StrEnum):
    """A code for machines that carries a sentence for people; each member is a pair of both."""

    _value_: str
    sentence: str

    def __new__(cls, code: str, sentence: str = "") -> Self:
        """Make a member that equals its code, as that of any `StrEnum` does."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member


class Reason(CodeWithSentence):
    """Why an object version was not scored. A closed list: dashboards and clients rely on it."""

    EMPTY = "empty", "The file has no bytes; upload it again."
    NOT_AN_IMAGE = "not-an-image", "The content is not an image, whatever the name says."
    UNSUPPORTED_FORMAT = (
        "unsupported-format",
        "The image format is not one we read; convert it to PNG or JPEG.",
    )
    TRUNCATED = (
        "truncated",
        "The image ends too early; the upload or copy was probably cut off.",
    )
    CORRUPT = "corrupt", "The image is damaged and cannot be decoded."
    TOO_LARGE = "too-large", "The image has more bytes or pixels than the limit allows."
    TOO_SMALL = "too-small", "The image has too few pixels to hold a digit."
    BLANK = "blank", "The image shows no ink."
    SEVERAL_DIGITS = (
        "several-digits",
        "The image shows several digits; cut it up, or say in a _LAYOUT.json how to.",
    )
    SEVERAL_PAGES = (
        "several-pages",
        "The file has several pages; put it into the inbox, or send each page by itself.",
    )
    UNREADABLE = "unreadable", "The store refused to hand out this object."
    ENCRYPTED = (
        "encrypted",
        "The zip archive or PDF is locked with a password; make it again without one.",
    )
    INVALID_LAYOUT = (
        "invalid-layout",
        "The batch's layout says nothing that can be used; mend it, and its images are cut anew.",
    )
    NOT_ALIGNED = (
        "not-aligned",
        "The page does not fit its layout, so none of its places was predicted.",
    )
    BAD_NAME = (
        "bad-name",
        "The name inside the zip archive occurs twice or points out of the archive.",
    )


class ImageWarning(CodeWithSentence):
    """What is odd about an image that was scored all the same. Any of them sends it to review."""

    SEVERAL_COMPONENTS = "several-components", "Beside the digit there is ink that may be another."
    CUT_OFF = "cut-off", "A stroke runs out of the picture; a part of the digit may be missing."
    LOW_CONTRAST = "low-contrast", "The ink is hardly darker than the paper."
    FAINT_INK = "faint-ink", "Some of the ink is too faint to be told from the paper."
    NOISY = "noisy", "There are many specks around the digit."
    UNLIKE_A_DIGIT = "unlike-a-digit", "It does not look like any digit that the model has learned."
