"""What a training is given to learn from, for its record: numbers and figures."""

from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist.data.checks import find_duplicates
from mnist.data.labelled import LabelledImages
from mnist.data.training_data import TrainingData
from mnist.digits import CLASSES, Images
from mnist.plots import render_png

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


@dataclass(frozen=True)
class DataDescription:
    """Figures and numbers about the images of one training.

    Attributes:
        files: Name -> PNG.
        metrics: Name -> number, such as `training_stroke_width_median` (pixels).
    """

    files: dict[str, bytes]
    metrics: dict[str, float]


def describe(data: TrainingData) -> DataDescription:
    """Profile training and test images side by side, and count the images that occur twice."""
    profiles = {"training": profile(data.dataset.train), "test": profile(data.dataset.test)}
    metrics = {
        f"{name}_{figure}": value
        for name, of_set in profiles.items()
        for figure, value in of_set.summary().items()
    }
    train, test = data.dataset.train, data.dataset.test
    repeats = train.n - len({image.tobytes() for image in train.images})
    return DataDescription(
        files={
            "data/class-distribution.png": plot_class_distribution(profiles),
            "data/mean-images.png": plot_mean_images(profiles["training"]),
            "data/samples.png": plot_samples(train),
            "data/brightness-and-strokes.png": plot_distributions(profiles),
        },
        metrics={
            **metrics,
            "training_images_repeated": float(repeats),
            "test_images_also_in_training": float(len(find_duplicates(train, test))),
        },
    )


def plot_class_distribution(profiles: dict[str, DataProfile]) -> bytes:
    """Draw the share of each digit, one bar for each named set of images."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(title="Class distribution", xlabel="digit", ylabel="share of images")
    width = 0.8 / len(profiles)
    for place, (name, profile) in enumerate(profiles.items()):
        positions = np.arange(CLASSES) + (place - (len(profiles) - 1) / 2) * width
        axes.bar(positions, profile.class_counts / profile.images, width, label=name)
    axes.set_xticks(range(CLASSES))
    axes.legend()
    return render_png(figure)


def plot_mean_images(profile: DataProfile) -> bytes:
    """Draw the mean image of each digit."""
    figure = Figure(figsize=(10, 1.5), layout="constrained")
    figure.suptitle("Mean image of each digit")
    for digit, image in enumerate(profile.mean_images):
        axes = figure.add_subplot(1, CLASSES, digit + 1, title=f"{digit}")
        axes.imshow(image, cmap="gray", vmin=0)
        axes.set_axis_off()
    return render_png(figure)


def plot_samples(data: LabelledImages, *, seed: int = 0, columns: int = 10) -> bytes:
    """Draw some random images of each digit, one row per digit."""
    rng = np.random.default_rng(seed)
    sheet = np.zeros((CLASSES * 28, columns * 28), np.uint8)
    for digit in range(CLASSES):
        rows = np.flatnonzero(data.labels == digit)
        for column, row in enumerate(rng.permutation(rows)[:columns]):
            sheet[digit * 28 : digit * 28 + 28, column * 28 : column * 28 + 28] = data.images[row]
    figure = Figure(figsize=(columns * 0.6 + 0.8, 6.6), layout="constrained")
    axes = figure.add_subplot(title="Samples", ylabel="digit")
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255)
    axes.set_yticks(np.arange(CLASSES) * 28 + 14, [str(digit) for digit in range(CLASSES)])
    axes.set_xticks([])
    return render_png(figure)


def plot_distributions(profiles: dict[str, DataProfile]) -> bytes:
    """Draw how brightness and stroke width are distributed, one line for each named set."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    _draw_histograms(
        figure.add_subplot(121, title="Brightness", xlabel="mean pixel of an image (0-255)"),
        {name: profile.brightness for name, profile in profiles.items()},
    )
    _draw_histograms(
        figure.add_subplot(122, title="Stroke width", xlabel="mean width of the ink (pixels)"),
        {name: profile.stroke_width for name, profile in profiles.items()},
    )
    return render_png(figure)


def _draw_histograms(axes: Axes, values: dict[str, NDArray[np.float64]]) -> None:
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=50).tolist()
    for name, numbers in values.items():
        axes.hist(numbers, edges, density=True, histtype="step", label=name)
    axes.set_ylabel("density")
    axes.legend()
