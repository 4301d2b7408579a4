"""What the images are like that models learn from, and how production drifts away from them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mnist.data.checks import find_duplicates
from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, SIDE, Images, Labels
from mnist.evaluation.slices import sizes, slants, stroke_widths

MEASURED = 5_000
"""Images of each set whose strokes are measured; more change no curve and cost seconds."""

MEASURES: Mapping[str, str] = {
    "brightness": "mean pixel of an image (0-255)",
    "stroke width": "mean width of the ink (pixels)",
    "slant": "lean to the right per pixel of height",
    "size": "diagonal of the box around the ink (pixels)",
}
"""What is measured of each image, with its unit."""


@dataclass(frozen=True, eq=False)
class SetSummary:
    """One set of labelled images as a whole.

    Attributes:
        images: Number of images.
        classes: Images of each digit, shape (10,).
        means: Mean image of each digit, shape (10, 28, 28), uint8; blank without images.
        pixel_mean: Mean of all pixels, 0-255.
        pixel_std: Their standard deviation.
        repeated: Images that are in the set more than once, copies beyond the first.
        measures: One row for each measured image, a column for each of `MEASURES`.
    """

    images: int
    classes: Labels
    means: Images
    pixel_mean: float
    pixel_std: float
    repeated: int
    measures: pd.DataFrame


def summarise(data: LabelledImages, seed: int = 0) -> SetSummary:
    """Measure a set of images, n > 0; strokes on a random sample of at most 5,000."""
    means = np.zeros((CLASSES, SIDE, SIDE), np.uint8)
    for digit in np.unique(data.labels):
        means[digit] = data.images[data.labels == digit].mean(axis=0).round()
    rows = np.random.default_rng(seed).permutation(data.n)[:MEASURED]
    sample = data.images[np.sort(rows)]
    levels = np.arange(256)
    histogram = np.bincount(data.images.ravel(), minlength=256)
    mean = float((histogram * levels).sum() / histogram.sum())
    copies = Counter(image.tobytes() for image in data.images)
    return SetSummary(
        images=data.n,
        classes=np.bincount(data.labels, minlength=CLASSES),
        means=means,
        pixel_mean=mean,
        pixel_std=float(np.sqrt((histogram * (levels - mean) ** 2).sum() / histogram.sum())),
        repeated=data.n - len(copies),
        measures=pd.DataFrame(
            {
                "brightness": sample.mean(axis=(1, 2)),
                "stroke width": stroke_widths(sample),
                "slant": slants(sample),
                "size": sizes(sample),
            }
        ),
    )


def class_shares(sets: Mapping[str, SetSummary]) -> pd.DataFrame:
    """List how frequent each digit is: columns `set`, `digit`, `images` and `share` (0-1)."""
    lines = [
        (name, digit, images, images / summary.images)
        for name, summary in sets.items()
        for digit, images in enumerate(summary.classes)
    ]
    return pd.DataFrame(lines, columns=["set", "digit", "images", "share"])


def densities(sets: Mapping[str, SetSummary], bins: int = 14) -> pd.DataFrame:
    """Count how measures are distributed: columns `set`, `measure`, `value` and `share` (0-1)."""
    lines: list[tuple[str, str, float, float]] = []
    for measure in MEASURES:
        everything = np.concatenate([summary.measures[measure] for summary in sets.values()])
        edges = np.histogram_bin_edges(everything, bins=bins)
        middles = (edges[:-1] + edges[1:]) / 2
        for name, summary in sets.items():
            counts, _ = np.histogram(summary.measures[measure], edges)
            shares = counts / len(summary.measures)
            lines += [(name, measure, *point) for point in zip(middles, shares, strict=True)]
    return pd.DataFrame(lines, columns=["set", "measure", "value", "share"])


def shared_images(data: Dataset) -> pd.DataFrame:
    """List test images that are training images too, pixel for pixel.

    Returns:
        Columns `training image`, `its label`, `test image` and `label there`.
    """
    pairs = find_duplicates(data.train, data.test)
    return pd.DataFrame(
        {
            "training image": pairs[:, 0],
            "its label": data.train.labels[pairs[:, 0]],
            "test image": pairs[:, 1],
            "label there": data.test.labels[pairs[:, 1]],
        }
    )


def samples(data: LabelledImages, seed: int, columns: int = 12) -> Images:
    """Draw random images of each digit into one picture, a row for each digit.

    Returns:
        Shape (280, 28 * columns), uint8.
    """
    generator = np.random.default_rng(seed)
    sheet = np.zeros((CLASSES * SIDE, columns * SIDE), np.uint8)
    for digit in range(CLASSES):
        rows = generator.permutation(np.flatnonzero(data.labels == digit))[:columns]
        for column, image in enumerate(data.images[rows]):
            top, left = digit * SIDE, column * SIDE
            sheet[top : top + SIDE, left : left + SIDE] = image
    return sheet
