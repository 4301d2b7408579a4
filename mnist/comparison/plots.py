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
    figure, axes = _figure("Accuracy by model", "accuracy on the test images")
    ranked = rank(results)[::-1]
    values = [r.evaluation.accuracy for r in ranked]
    axes.barh([r.name for r in ranked], values, color=[_COLOURS[r.complexity] for r in ranked])
    for place, value in enumerate(values):
        axes.text(value, place, f" {value:.4f}", va="center")
    _zoom(axes, values)
    return render_png(figure)


def plot_training_seconds(results: Sequence[ModelResult]) -> bytes:
    """Draw the training time of each model on a logarithmic axis, the best model on top."""
    figure, axes = _figure("Training time by model", "wall-clock seconds, logarithmic")
    ranked = rank(results)[::-1]
    values = [r.training_seconds for r in ranked]
    axes.barh([r.name for r in ranked], values, color=[_COLOURS[r.complexity] for r in ranked])
    _use_logarithmic_seconds(axes)
    for place, value in enumerate(values):
        axes.text(value, place, f" {value:.1f} s", va="center")
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


def plot_accuracy_by_complexity(results: Sequence[ModelResult]) -> bytes:
    """Draw the mean accuracy of each complexity class."""
    figure, axes = _figure("Mean accuracy by complexity", "mean accuracy on the test images")
    means = accuracy_by_complexity(results)
    names = list(means)[::-1]
    axes.barh(names, [means[n] for n in names], color=[_COLOURS[n] for n in names])
    for place, name in enumerate(names):
        axes.text(means[name], place, f" {means[name]:.4f}", va="center")
    _zoom(axes, list(means.values()))
    return render_png(figure)


def _figure(title: str, label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4), layout="constrained")
    return figure, figure.add_subplot(title=title, xlabel=label)


def _use_logarithmic_seconds(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_minor_formatter(NullFormatter())  # its labels would overlap


def _zoom(axes: Axes, accuracies: Sequence[float]) -> None:
    """Start the axis near the worst model; from 0 all bars would look alike."""
    spread = max(max(accuracies) - min(accuracies), 0.001)
    axes.set_xlim(max(0, min(accuracies) - spread / 4), max(accuracies) + spread / 4)
    axes.set_title(axes.get_title() + " (axis does not start at 0)")
