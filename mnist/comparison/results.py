"""Several models on the same images: their results, order and table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mnist import markdown
from mnist.digits import Probabilities
from mnist.errors import InvalidEvaluation
from mnist.evaluation.metrics import Evaluation, labelled_set_metrics
from mnist.spreadsheets import to_csv
from mnist.training.history import Epoch
from mnist.training.recipes import HIGH, LOW, MEDIUM


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One model of a comparison.

    Attributes:
        name: Its recipe.
        complexity: `high`, `medium` or `low`.
        evaluation: Its measures on the test images, calibrated on the validation images.
        probabilities: Its calibrated predictions on the test images, shape (n, 10). For a model
            that is not saved these are what remains of it.
        training_seconds: Wall clock.
        training_cpu_seconds: Processor time over all cores.
        prediction_seconds: Wall clock for all test images.
        parameters: Numbers it keeps.
        training_images: Images it learned from.
        training_images_available: Images there were; more if it was given a subset.
        hyperparameters: What shaped it.
        history: Its epochs; empty for a model that is fitted at once.
        labelled_sets: Its measures on images of one's own, by the name of their set.
        saved: Whether a Keras model and a scoring graph exist; only then can it be promoted.
    """

    name: str
    complexity: str
    evaluation: Evaluation
    probabilities: Probabilities
    training_seconds: float
    training_cpu_seconds: float
    prediction_seconds: float
    parameters: int
    training_images: int
    training_images_available: int
    hyperparameters: dict[str, Any]
    history: list[Epoch] = field(default_factory=list)
    labelled_sets: Mapping[str, Evaluation] = field(default_factory=dict)
    saved: bool = False

    def metrics(self) -> dict[str, float]:
        """Return every number of this result under a flat name, for a run's record.

        Measures of the test images begin with `test_`: epochs have an `accuracy` of their own.
        """
        costs = {
            "training_wall_seconds": self.training_seconds,
            "training_cpu_seconds": self.training_cpu_seconds,
            "prediction_seconds": self.prediction_seconds,
            "parameters": self.parameters,
            "training_images": self.training_images,
        }
        return (
            {f"test_{name}": value for name, value in self.evaluation.scalars().items()}
            | labelled_set_metrics(self.labelled_sets)
            | {name: float(cost) for name, cost in costs.items()}
        )


def rank(results: Sequence[ModelResult]) -> list[ModelResult]:
    """Order results from the most accurate; among equals the lower log loss comes first.

    Raises:
        InvalidEvaluation: If there are fewer than two, or two have the same name.
    """
    names = [result.name for result in results]
    if len(names) < 2 or len(set(names)) < len(names):
        raise InvalidEvaluation(
            f"A comparison needs at least two models with different names; got {names}."
        )
    return sorted(results, key=lambda r: (-r.evaluation.accuracy, r.evaluation.log_loss))


def table(results: Sequence[ModelResult]) -> pd.DataFrame:
    """Put results into one table, the most accurate first; seconds in s, shares 0-1."""
    return pd.DataFrame(
        [
            {
                "model": r.name,
                "complexity": r.complexity,
                "accuracy": r.evaluation.accuracy,
                "macro_precision": r.evaluation.macro_precision,
                "macro_recall": r.evaluation.macro_recall,
                "macro_f1": r.evaluation.macro_f1,
                "weighted_f1": r.evaluation.weighted_f1,
                "log_loss": r.evaluation.log_loss,
                "calibration_error": r.evaluation.calibration_error,
                "training_seconds": r.training_seconds,
                "training_cpu_seconds": r.training_cpu_seconds,
                "prediction_seconds": r.prediction_seconds,
                "parameters": r.parameters,
                "training_images": r.training_images,
                **{f"{name}_accuracy": e.accuracy for name, e in r.labelled_sets.items()},
            }
            for r in rank(results)
        ]
    )


def as_csv(results: Sequence[ModelResult]) -> bytes:
    """Write the table as CSV."""
    return to_csv(pa.Table.from_pandas(table(results).round(6), preserve_index=False))


def to_markdown(results: Sequence[ModelResult]) -> str:
    """Write the table for people, with the accuracy on each labelled set at the end."""
    sets = list(results[0].labelled_sets)
    columns: dict[str, Callable[[ModelResult], str]] = {
        "model": lambda r: r.name,
        "complexity": lambda r: r.complexity,
        "accuracy": lambda r: f"{r.evaluation.accuracy:.4f}",
        "macro F1": lambda r: f"{r.evaluation.macro_f1:.4f}",
        "log loss": lambda r: f"{r.evaluation.log_loss:.4f}",
        "calibration error": lambda r: f"{r.evaluation.calibration_error:.4f}",
        "training s": lambda r: f"{r.training_seconds:.1f}",
        "training CPU s": lambda r: f"{r.training_cpu_seconds:.1f}",
        "prediction s": lambda r: f"{r.prediction_seconds:.2f}",
        "parameters": lambda r: f"{r.parameters:,}",
        "training images": lambda r: (
            f"{r.training_images:,}"
            + ("" if r.training_images == r.training_images_available else " (subset)")
        ),
    }
    rows = [
        [cell(r) for cell in columns.values()]
        + [f"{r.labelled_sets[name].accuracy:.4f}" for name in sets]
        for r in rank(results)
    ]
    return markdown.table([*columns, *sets], rows) + "\n"


def accuracy_by_complexity(results: Sequence[ModelResult]) -> dict[str, float]:
    """Average the accuracies within each complexity class, from high to low."""
    means = {}
    for complexity in (HIGH, MEDIUM, LOW):
        accuracies = [r.evaluation.accuracy for r in results if r.complexity == complexity]
        if accuracies:
            means[complexity] = float(np.mean(accuracies))
    return means
