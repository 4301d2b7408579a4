"""Figures of the data itself, as PNG bytes: what a network is asked to learn from."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.data.profile import DataProfile
from mnist.digits import CLASSES
from mnist.plots import render_png


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


def plot_samples(data: LabelledImages, *, seed: int = 0, each: int = 10) -> bytes:
    """Draw some random images of each digit, one row for each."""
    rng = np.random.default_rng(seed)
    sheet = np.zeros((CLASSES * 28, each * 28), np.uint8)
    for digit in range(CLASSES):
        rows = np.flatnonzero(data.labels == digit)
        for column, row in enumerate(rng.permutation(rows)[:each]):
            sheet[digit * 28 : digit * 28 + 28, column * 28 : column * 28 + 28] = data.images[row]
    figure = Figure(figsize=(each * 0.6 + 0.8, 6.6), layout="constrained")
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
