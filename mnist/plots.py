"""Figures as PNG bytes. Drawn with Matplotlib's objects, so no global state and no display."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mnist.digits import CLASSES, Images, Labels, Probabilities


def render_png(figure: Figure) -> bytes:
    """Render a figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def plot_learning_curves(series: dict[str, Sequence[float]], title: str, unit: str) -> bytes:
    """Draw one line for each named series over the epochs 1, 2, ….

    Args:
        series: Name to one value per epoch.
        title: What the figure shows.
        unit: Label of the vertical axis.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="epoch", ylabel=unit)
    for name, values in series.items():
        axes.plot(range(1, len(values) + 1), values, marker="o", label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    return render_png(figure)


def plot_confusion_matrix(matrix: NDArray[np.int64], title: str) -> bytes:
    """Draw a confusion matrix, shape (10, 10): rows are true digits, columns predicted ones.

    The colour follows the errors alone; the diagonal would outshine them.
    """
    errors = matrix.astype(np.float64)
    np.fill_diagonal(errors, 0)
    figure = Figure(figsize=(6.5, 6), layout="constrained")
    axes = figure.add_subplot(title=title, xlabel="predicted", ylabel="true")
    axes.imshow(errors, cmap="Reds", vmin=0, vmax=max(errors.max(), 1))
    axes.set_xticks(range(CLASSES))
    axes.set_yticks(range(CLASSES))
    for row in range(CLASSES):
        for column in range(CLASSES):
            strong = errors[row, column] > errors.max() / 2
            axes.text(
                column,
                row,
                f"{matrix[row, column]}",
                ha="center",
                va="center",
                color="white" if strong else "black",
                fontsize=9,
            )
    return render_png(figure)


def plot_misclassified(
    images: Images, labels: Labels, probabilities: Probabilities, limit: int = 50
) -> bytes:
    """Draw the wrongly predicted images, most confident first, each with true → predicted digit.

    Args:
        images: Shape (n, 28, 28).
        labels: Their true digits, shape (n,).
        probabilities: Their predictions, shape (n, 10).
        limit: Images drawn at the most.
    """
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:limit]
    columns = 10
    rows = max(1, -(-len(shown) // columns))
    figure = Figure(figsize=(columns * 1.1, rows * 1.4 + 0.6), layout="constrained")
    figure.suptitle(f"{len(shown)} of {len(wrong)} misclassified, of {len(labels)} images")
    for place, index in enumerate(shown, start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(images[index], cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
        axes.set_title(f"{labels[index]} → {predicted[index]}\n{confidence[index]:.0%}", fontsize=8)
    return render_png(figure)
