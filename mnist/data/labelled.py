"""Images together with the digits they show: the pair that splits, training and datasets share."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnist.digits import SIDE, Images, Labels
from mnist.errors import InvalidDataset


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images and their true digits, row by row.

    Attributes:
        images: Shape (n, 28, 28), uint8, bright ink on dark ground.
        labels: Shape (n,), int64, the true digits.
        writers: Who wrote each, shape (n,), any numbers; None where nobody knows.

    Raises:
        InvalidDataset: If shapes, types or lengths do not fit. Values are not looked at here;
            `mnist.data.checks` does that.
    """

    images: Images
    labels: Labels
    writers: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.shape[1:] != (SIDE, SIDE):
            raise InvalidDataset(
                f"Images must be uint8 of shape (n, {SIDE}, {SIDE}); got {self.images.dtype} "
                f"of shape {self.images.shape}. Decode them with `mnist.images` first."
            )
        if self.labels.dtype != np.int64 or self.labels.shape != self.images.shape[:1]:
            raise InvalidDataset(
                f"Labels must be int64 of shape ({len(self.images)},), one for each image; got "
                f"{self.labels.dtype} of shape {self.labels.shape}."
            )

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.images)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the bytes of all images, then of all labels, in their order."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels.astype("<i8")).data)
        return digest.hexdigest()

    def take(self, rows: NDArray[np.intp]) -> Self:
        """Select rows by number, in the order given."""
        writers = None if self.writers is None else self.writers[rows]
        return type(self)(self.images[rows], self.labels[rows], writers)


def concatenate(parts: Sequence[LabelledImages]) -> LabelledImages:
    """Join several sets, for example MNIST's training images and reviewed ones; nobody's writers.

    Raises:
        InvalidDataset: If there is nothing to join.
    """
    if not parts:
        raise InvalidDataset("There are 0 sets of images to join; give at least one.")
    return LabelledImages(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
