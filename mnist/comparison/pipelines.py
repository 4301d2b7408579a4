"""The preprocessing pipelines side by side: what the same model reads after each of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist.digits import SIDE, Images, Probabilities
from mnist.images import Decoded, Limits, Pipeline, decode
from mnist.plots import render_png

CHOSEN = "chosen"
"""What `decode` does by itself: `standard` for what is as MNIST is, `enhanced` for the rest."""

PIPELINES: Mapping[str, Pipeline | None] = {
    Pipeline.STANDARD: Pipeline.STANDARD,
    Pipeline.ENHANCED: Pipeline.ENHANCED,
    CHOSEN: None,
}
_COLOURS = {Pipeline.STANDARD: "#7f7f7f", Pipeline.ENHANCED: "#ff7f0e", CHOSEN: "#1f77b4"}
_BINS = np.linspace(0, 1, 21)

Predict = Callable[[Images], Probabilities]


@dataclass(frozen=True, eq=False)
class PipelineReading:
    """What a model read in one set of images after one pipeline.

    Attributes:
        images_of: Name of the set.
        pipeline: One of `PIPELINES`.
        right: Whether each image was read rightly, shape (n,), n > 0; a rejected one was not.
        confidence: Largest probability of each, 0-1, shape (n,); NaN where it was rejected.
    """

    images_of: str
    pipeline: str
    right: NDArray[np.bool_]
    confidence: NDArray[np.float32]

    @property
    def accuracy(self) -> float:
        """Share of all images read rightly, 0-1."""
        return float(self.right.mean())

    @property
    def rejected(self) -> int:
        """Images in which no digit was found."""
        return int(np.isnan(self.confidence).sum())

    @property
    def mean_confidence(self) -> float:
        """Mean over the images that were read, 0-1; NaN if none was."""
        read = ~np.isnan(self.confidence)
        return float(self.confidence[read].mean()) if read.any() else float("nan")


def read_with_each(
    images_of: str, files: Sequence[tuple[bytes, int]], predict: Predict, limits: Limits
) -> list[PipelineReading]:
    """Decode a set with every pipeline and have the same model read the results.

    Args:
        images_of: Name of the set.
        files: Image files, each with the digit on it; at least one.
        predict: Gives ten probabilities for each image.
        limits: Of bytes and pixels.
    """
    labels = np.array([label for _, label in files])
    readings = []
    for name, pipeline in PIPELINES.items():
        decoded = [decode(content, limits, pipeline) for content, _ in files]
        digits = [each.pixels for each in decoded if isinstance(each, Decoded)]
        found = np.array([isinstance(each, Decoded) for each in decoded])
        probabilities = predict(np.array(digits, np.uint8).reshape(-1, SIDE, SIDE))
        right = np.zeros(len(files), bool)
        right[found] = probabilities.argmax(axis=1) == labels[found]
        confidence = np.full(len(files), np.nan, np.float32)
        confidence[found] = probabilities.max(axis=1)
        readings.append(PipelineReading(images_of, name, right, confidence))
    return readings


def to_csv(readings: Sequence[PipelineReading]) -> str:
    """Write the figures as CSV; shares are 0-1."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["images", "pipeline", "number", "accuracy", "mean_confidence", "rejected"])
    for each in readings:
        shares = (f"{each.accuracy:.6g}", f"{each.mean_confidence:.6g}")
        writer.writerow([each.images_of, each.pipeline, len(each.right), *shares, each.rejected])
    return buffer.getvalue()


def to_markdown(readings: Sequence[PipelineReading]) -> str:
    """Write the figures for people."""
    lines = [
        "| images | pipeline | number | accuracy | mean confidence | rejected |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.images_of} | {each.pipeline} | {len(each.right):,} | {each.accuracy:.2%} "
        f"| {each.mean_confidence:.2%} | {each.rejected:,} |"
        for each in readings
    ]
    return "\n".join(lines) + "\n"


def plot_accuracy_and_confidence(readings: Sequence[PipelineReading]) -> bytes:
    """Draw accuracy as bars and mean confidence as points: they should be as high as each other."""
    sets = list(dict.fromkeys(each.images_of for each in readings))
    figure = Figure(figsize=(7, 1.2 + 0.9 * len(sets)), layout="constrained")
    axes = figure.add_subplot(title="Accuracy (bar) and mean confidence (point)", xlabel="share")
    for place, name in enumerate(PIPELINES):
        chosen = {each.images_of: each for each in readings if each.pipeline == name}
        rows = np.arange(len(sets)) + (place - 1) * 0.27
        accuracies = [chosen[each].accuracy for each in sets]
        axes.barh(rows, accuracies, height=0.25, color=_COLOURS[name], label=name)
        axes.scatter([chosen[s].mean_confidence for s in sets], rows, color="black", s=18, zorder=3)
        for row, value in zip(rows, accuracies, strict=True):
            axes.text(1.01, row, f"{value:.1%}", va="center", fontsize=8)
    axes.set_yticks(range(len(sets)), sets)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    axes.legend(loc="lower left", framealpha=0.9)
    return render_png(figure)


def plot_confidences(readings: Sequence[PipelineReading]) -> bytes:
    """Draw how confident the model is where it is right, and where it is wrong."""
    sets = list(dict.fromkeys(each.images_of for each in readings))
    figure = Figure(figsize=(8, 2.2 * len(sets) + 0.4), layout="constrained")
    for row, images_of in enumerate(sets):
        for column, (title, wanted) in enumerate((("right", True), ("wrong", False))):
            axes = figure.add_subplot(
                len(sets), 2, 2 * row + column + 1, title=f"{images_of}: {title}"
            )
            axes.set_xlabel("confidence")
            axes.set_ylabel("images")
            for each in readings:
                if each.images_of == images_of:
                    shown = each.confidence[(each.right == wanted) & ~np.isnan(each.confidence)]
                    colour = _COLOURS[each.pipeline]
                    counts, _ = np.histogram(shown, _BINS)
                    axes.stairs(counts, _BINS, color=colour, label=each.pipeline)
    figure.axes[0].legend(loc="upper left")
    return render_png(figure)
