"""The preprocessing pipelines compared: predictions of the same model after each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist import markdown
from mnist.digits import SIDE, PredictProbabilities
from mnist.images import Decoded, Limits, Pipeline, decode
from mnist.plots import render_png
from mnist.spreadsheets import to_csv

CHOSEN = "chosen"
"""What `decode` does by itself: `standard` for what is as MNIST is, `enhanced` for the rest."""

PIPELINES: Mapping[str, Pipeline | None] = {
    Pipeline.STANDARD: Pipeline.STANDARD,
    Pipeline.ENHANCED: Pipeline.ENHANCED,
    CHOSEN: None,
}
_COLOURS = {Pipeline.STANDARD: "#7f7f7f", Pipeline.ENHANCED: "#ff7f0e", CHOSEN: "#1f77b4"}
_BINS = np.linspace(0, 1, 21)


@dataclass(frozen=True, eq=False)
class PipelineResult:
    """Predictions of a model for one set of images after one pipeline.

    Attributes:
        images_of: Name of the set.
        pipeline: One of `PIPELINES`.
        right: Whether each prediction was right, shape (n,), n > 0; a rejected image has none.
        confidence: Largest probability of each, 0-1, shape (n,); NaN where it was rejected.
    """

    images_of: str
    pipeline: str
    right: NDArray[np.bool_]
    confidence: NDArray[np.float32]

    @property
    def accuracy(self) -> float:
        """Share of all images predicted correctly, 0-1."""
        return float(self.right.mean())

    @property
    def rejected(self) -> int:
        """Images in which no digit was found."""
        return int(np.isnan(self.confidence).sum())

    @property
    def mean_confidence(self) -> float:
        """Mean over the images that were not rejected, 0-1; NaN if all were."""
        decoded = ~np.isnan(self.confidence)
        return float(self.confidence[decoded].mean()) if decoded.any() else float("nan")


def compare_pipelines(
    images_of: str,
    files: Sequence[tuple[bytes, int]],
    predict: PredictProbabilities,
    limits: Limits,
) -> list[PipelineResult]:
    """Decode a set with every pipeline and predict the results with the same model.

    Args:
        images_of: Name of the set.
        files: Image files, each with the digit on it; at least one.
        predict: The model.
        limits: Of bytes and pixels.
    """
    labels = np.array([label for _, label in files])
    results = []
    for name, pipeline in PIPELINES.items():
        outcomes = [decode(content, limits, pipeline) for content, _ in files]
        digits = [outcome.pixels for outcome in outcomes if isinstance(outcome, Decoded)]
        decoded = np.array([isinstance(outcome, Decoded) for outcome in outcomes])
        probabilities = predict(np.array(digits, np.uint8).reshape(-1, SIDE, SIDE))
        right = np.zeros(len(files), bool)
        right[decoded] = probabilities.argmax(axis=1) == labels[decoded]
        confidence = np.full(len(files), np.nan, np.float32)
        confidence[decoded] = probabilities.max(axis=1)
        results.append(PipelineResult(images_of, name, right, confidence))
    return results


def as_csv(results: Sequence[PipelineResult]) -> bytes:
    """Write the figures as CSV; shares are 0-1."""
    rows = [
        {
            "images": r.images_of,
            "pipeline": str(r.pipeline),
            "number": len(r.right),
            "accuracy": float(r.accuracy),
            "mean_confidence": float(r.mean_confidence),
            "rejected": r.rejected,
        }
        for r in results
    ]
    return to_csv(pa.Table.from_pylist(rows))


def to_markdown(results: Sequence[PipelineResult]) -> str:
    """Write the figures for people."""
    rows = [
        [
            r.images_of,
            r.pipeline,
            f"{len(r.right):,}",
            f"{r.accuracy:.2%}",
            f"{r.mean_confidence:.2%}",
            f"{r.rejected:,}",
        ]
        for r in results
    ]
    head = ("images", "pipeline", "number", "accuracy", "mean confidence", "rejected")
    return markdown.table(head, rows) + "\n"


def plot_accuracy_and_confidence(results: Sequence[PipelineResult]) -> bytes:
    """Draw accuracy as bars and mean confidence as points: they should be as high as each other."""
    sets = list(dict.fromkeys(result.images_of for result in results))
    figure = Figure(figsize=(7, 1.2 + 0.9 * len(sets)), layout="constrained")
    axes = figure.add_subplot(title="Accuracy (bar) and mean confidence (point)", xlabel="share")
    for place, name in enumerate(PIPELINES):
        of_set = {result.images_of: result for result in results if result.pipeline == name}
        rows = np.arange(len(sets)) + (place - 1) * 0.27
        accuracies = [of_set[s].accuracy for s in sets]
        axes.barh(rows, accuracies, height=0.25, color=_COLOURS[name], label=name)
        axes.scatter([of_set[s].mean_confidence for s in sets], rows, color="black", s=18, zorder=3)
        for row, value in zip(rows, accuracies, strict=True):
            axes.text(1.01, row, f"{value:.1%}", va="center", fontsize=8)
    axes.set_yticks(range(len(sets)), sets)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1)
    axes.legend(loc="lower left", framealpha=0.9)
    return render_png(figure)


def plot_confidences(results: Sequence[PipelineResult]) -> bytes:
    """Draw how confident the model is where it is right, and where it is wrong."""
    sets = list(dict.fromkeys(result.images_of for result in results))
    figure = Figure(figsize=(8, 2.2 * len(sets) + 0.4), layout="constrained")
    for row, images_of in enumerate(sets):
        for column, (title, is_right) in enumerate((("right", True), ("wrong", False))):
            axes = figure.add_subplot(
                len(sets), 2, 2 * row + column + 1, title=f"{images_of}: {title}"
            )
            axes.set_xlabel("confidence")
            axes.set_ylabel("images")
            for r in results:
                if r.images_of == images_of:
                    shown = r.confidence[(r.right == is_right) & ~np.isnan(r.confidence)]
                    counts, _ = np.histogram(shown, _BINS)
                    axes.stairs(counts, _BINS, color=_COLOURS[r.pipeline], label=r.pipeline)
    figure.axes[0].legend(loc="upper left")
    return render_png(figure)
