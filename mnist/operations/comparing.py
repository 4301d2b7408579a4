"""Comparing models from data to card, in steps that an orchestrator can order."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from mnist.comparison import plots as comparison_plots
from mnist.comparison.card import describe_best
from mnist.comparison.contenders import (
    Contender,
    contender_header,
    require_contenders,
    run_contender,
    standard_contenders,
)
from mnist.comparison.results import ModelResult, as_csv, rank, to_markdown
from mnist.data.description import describe
from mnist.data.training_data import TrainingData, load_training_data
from mnist.operations.set_images import SetImages
from mnist.parts import Parts
from mnist.plots import plot_confusion_matrix, plot_learning_curves
from mnist.provenance import code_digest, environment
from mnist.registry.catalogue import COMPARISON_RUN
from mnist.training.train import Epoch


class Comparing:
    """The steps of a comparison, over a data folder and a registry."""

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._sets = SetImages(parts)
        self._log = parts.comparison_log("comparisons")

    def chosen(self, names: Sequence[str]) -> list[str]:
        """Return the models to compare, by default those of the standard comparison.

        Raises:
            InvalidRecipe: Naming those that do not exist and listing those that do.
        """
        chosen = list(names) or standard_contenders()
        require_contenders(chosen)
        return chosen

    def header(self, name: str) -> str:
        """Say how a model is trained and what to expect of it."""
        return contender_header(name)

    def load(self, seed: int) -> TrainingData:
        """Load the images that all of them learn from and are measured on."""
        return load_training_data(
            self._settings.data_dir,
            seed,
            labelled_sets=self._sets.to_evaluate(),
            fallback=self._settings.fallback_digits,
        )

    def begin(self, names: Sequence[str], data: TrainingData, seed: int) -> str:
        """Open the parent run."""
        return self._log.begin(
            f"{COMPARISON_RUN}seed-{seed}",
            {
                "models": ", ".join(names),
                "seed": seed,
                "dataset": data.dataset.source,
                "dataset_digest": data.dataset.digest,
                "code_digest": code_digest(),
                **environment(),
            },
        )

    def run(
        self, name: str, data: TrainingData, seed: int, on_epoch: Callable[[Epoch], None]
    ) -> Contender:
        """Train and measure one model."""
        return run_contender(
            name,
            data.train,
            data.validation,
            data.dataset.test,
            seed=seed,
            labelled_sets=data.labelled_sets,
            on_epoch=on_epoch,
        )

    def record(self, parent: str, result: ModelResult) -> None:
        """Log one model's run below the parent."""
        files = {
            "confusion-matrix.png": plot_confusion_matrix(
                np.asarray(result.evaluation.confusion), f"{result.name}, test images"
            )
        }
        if result.history:
            files["loss.png"] = plot_learning_curves(
                {
                    "training": [epoch.loss for epoch in result.history],
                    "validation": [epoch.validation_loss for epoch in result.history],
                },
                result.name,
                "loss",
            )
        self._log.add(
            parent,
            result.name,
            parameters={
                **result.hyperparameters,
                "complexity": result.complexity,
                "training_images": result.training_images,
                "training_images_available": result.training_images_available,
            },
            metrics=result.metrics(),
            epochs=[
                {name: float(v) for name, v in asdict(epoch).items() if name != "number"}
                for epoch in result.history
            ],
            files=files,
        )

    def conclude(
        self, parent: str, results: Sequence[ModelResult], data: TrainingData
    ) -> dict[str, Any]:
        """Log table, plots and card; return them with the address of the parent run."""
        card = describe_best(results, data.dataset.test.labels, data.dataset.test_writers)
        table = to_markdown(results)
        url = self._log.end(
            parent,
            {f"{r.name}_accuracy": r.evaluation.accuracy for r in results},
            {
                "comparison.csv": as_csv(results),
                "comparison.md": f"{card}\n{table}".encode(),
                "accuracy.png": comparison_plots.plot_accuracies(results),
                "training-seconds.png": comparison_plots.plot_training_seconds(results),
                "accuracy-against-time.png": comparison_plots.plot_accuracy_against_time(results),
                "accuracy-by-complexity.png": comparison_plots.plot_accuracy_by_complexity(results),
                **describe(data).files,
            },
        )
        ranked = rank(results)
        return {
            "best": ranked[0].name,
            "accuracies": {r.name: r.evaluation.accuracy for r in ranked},
            "url": url,
            "markdown": f"{card}\n{table}",
        }

    def give_up(self, parent: str) -> None:
        """Mark the parent run as failed."""
        self._log.give_up(parent)
