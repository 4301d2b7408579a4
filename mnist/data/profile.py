"""What a set of images looks like as a whole: the numbers behind the data plots."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, Images

_INK = 127
"""Pixels brighter than this count as ink when a stroke is measured."""

_ZOOM = 4

_STROKES_MEASURED = 5_000
"""Images whose strokes are measured; 60,000 would take longer than their statistics are worth."""


@dataclass(frozen=True, eq=False)
class DataProfile:
    """Statistics of one set of labelled images.

    Attributes:
        images: Number of images.
        class_counts: Images of each digit, shape (10,).
        mean_images: Mean image of each digit, shape (10, 28, 28), values 0-255; zeros for a
            digit without images.
        pixel_mean: Mean of all pixels, 0-255.
        pixel_std: Standard deviation of all pixels.
        brightness: Mean pixel of each image, shape (n,).
        stroke_width: Mean stroke width in pixels of every k-th image, about 5,000 of them.
    """

    images: int
    class_counts: NDArray[np.int64]
    mean_images: NDArray[np.float64]
    pixel_mean: float
    pixel_std: float
    brightness: NDArray[np.float64]
    stroke_width: NDArray[np.float64]

    def summary(self) -> dict[str, float]:
        """Reduce the profile to named numbers for a run's record."""
        return {
            "images": float(self.images),
            "pixel_mean": self.pixel_mean,
            "pixel_std": self.pixel_std,
            "brightness_median": float(np.median(self.brightness)),
            "stroke_width_median": float(np.median(self.stroke_width)),
            **{f"images_of_{digit}": float(n) for digit, n in enumerate(self.class_counts)},
        }


def profile(data: LabelledImages) -> DataProfile:
    """Measure a set of labelled images, n > 0."""
    means = np.zeros((CLASSES, *data.images.shape[1:]))
    for digit in np.unique(data.labels):
        means[digit] = data.images[data.labels == digit].mean(axis=0)
    return DataProfile(
        images=data.n,
        class_counts=np.bincount(data.labels, minlength=CLASSES).astype(np.int64),
        mean_images=means,
        pixel_mean=float(data.images.mean()),
        pixel_std=float(data.images.std()),
        brightness=data.images.mean(axis=(1, 2)),
        stroke_width=stroke_widths(data.images[:: max(1, data.n // _STROKES_MEASURED)]),
    )


def stroke_widths(images: Images) -> NDArray[np.float64]:
    """Estimate the mean stroke width of each image in pixels; 0 for an image without ink.

    Along a stripe w pixels wide the distances to its edges average (w + 2) / 4; so four times
    the mean of the Euclidean distance transform over the ink, less two. Measured on an enlarged
    image, because grey rims tell more about a thin stroke than whole pixels do.
    """
    widths = np.zeros(len(images))
    for row, image in enumerate(images):
        large = cv2.resize(image, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_LINEAR)
        ink = (large > _INK).astype(np.uint8)
        if ink.any():
            distances = cv2.distanceTransform(ink, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            widths[row] = (4 * distances[ink > 0].mean() - 2) / _ZOOM
    return widths
