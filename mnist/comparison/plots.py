"""The four figures of a comparison of models, as PNG bytes."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from mnist.comparison.results import ModelResult, accuracy_by_complexity, rank
from mnist.plots import render_png
from mnist.training.recipes import HIGH, LOW, MEDIUM

_COLOURS = {HIGH: "#1f77b4", MEDIUM: "#ff7f0e", LOW: "#2ca02c"}


def plot_accuracies(results: Sequence[ModelResult]) -> bytes:
    """Draw the accuracy of each model, the best on top."""
    bars = [(r.name, r.evaluation.accuracy, r.complexity) for r in rank(results)]
    return _plot_accuracy_bars("Accuracy by model", "accuracy on the test images", bars)


def plot_accuracy_by_complexity(results: Sequence[ModelResult]) -> bytes:
    """Draw the mean accuracy of each complexity class."""
    bars = [(name, mean, name) for name, mean in accuracy_by_complexity(results).items()]
    title, label = "Mean accuracy by complexity", "mean accuracy on the test images"
    return _plot_accuracy_bars(title, label, bars)


def plot_training_seconds(results: Sequence[ModelResult]) -> bytes:
    """Draw the training time of each model on a logarithmic axis, the best model on top."""
    figure, axes = _figure("Training time by model", "wall-clock seconds, logarithmic")
    bars = [(r.name, r.training_seconds, r.complexity) for r in rank(results)]
    _draw_bars(axes, bars, "{:.1f} s")
    _use_logarithmic_seconds(axes)
    axes.margins(x=0.15)
    return render_png(figure)


def plot_accuracy_against_time(results: Sequence[ModelResult]) -> bytes:
    """Draw what accuracy costs: one point for each model, up and left is better."""
    figure, axes = _figure(
        "Accuracy against training time", "wall-clock seconds of training, logarithmic"
    )
    for complexity, colour in _COLOURS.items():
        chosen = [r for r in results if r.complexity == complexity]
        axes.scatter(
            [r.training_seconds for r in chosen],
            [r.evaluation.accuracy for r in chosen],
            color=colour,
            label=f"{complexity} complexity",
        )
    for r in results:
        axes.annotate(
            r.name,
            (r.training_seconds, r.evaluation.accuracy),
            xytext=(5, 5),
            textcoords="offset points",
        )
    _use_logarithmic_seconds(axes)
    axes.set_ylabel("accuracy on the test images")
    axes.margins(x=0.25, y=0.1)
    figure.legend(loc="outside lower center", ncols=len(_COLOURS))
    return render_png(figure)


def _plot_accuracy_bars(title: str, label: str, bars: Sequence[tuple[str, float, str]]) -> bytes:
    """Start the axis near the lowest bar; from 0 all would look alike."""
    figure, axes = _figure(f"{title} (axis does not start at 0)", label)
    _draw_bars(axes, bars, "{:.4f}")
    accuracies = [accuracy for _, accuracy, _ in bars]
    spread = max(max(accuracies) - min(accuracies), 0.001)
    axes.set_xlim(max(0, min(accuracies) - spread / 4), max(accuracies) + spread / 4)
    return render_png(figure)


def _draw_bars(axes: Axes, bars: Sequence[tuple[str, float, str]], text: str) -> None:
    """Draw name, value and complexity as one bar each, the first on top."""
    for place, (name, value, complexity) in enumerate(reversed(bars)):
        axes.barh([name], [value], color=_COLOURS[complexity])
        axes.text(value, place, f" {text.format(value)}", va="center")


def _figure(title: str, label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4), layout="constrained")
    return figure, figure.add_subplot(title=title, xlabel=label)


def _use_logarithmic_seconds(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())  # its labels would overlap
