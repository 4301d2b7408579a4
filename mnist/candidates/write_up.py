"""Everything a registry should keep about a candidate."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mnist.candidates.candidate import Candidate
from mnist.candidates.model_card import model_card
from mnist.candidates.run_records import DatasetRecord, RunRecord
from mnist.data.description import describe
from mnist.data.labelled import LabelledImages
from mnist.data.training_data import TrainingData
from mnist.digits import Labels, Probabilities
from mnist.evaluation.metrics import labelled_set_metrics, loggable
from mnist.images import preprocessing_digest
from mnist.plots import plot_confusion_matrix, plot_learning_curves, plot_misclassified
from mnist.provenance import Origin, environment
from mnist.tables import PROBABILITY_COLUMNS, to_parquet
from mnist.training.recipes import Recipe
from mnist.training.train import Epoch


def write_up(
    candidate: Candidate, recipe: Recipe, data: TrainingData, seed: int, origin: Origin
) -> RunRecord:
    """Gather everything a registry should keep about a candidate."""
    training, evaluation, dataset = candidate.training, candidate.evaluation, data.dataset
    description = describe(data)
    card = model_card(candidate, recipe, data, seed)
    tags = {
        **origin.tags,
        "dataset_digest": dataset.digest,
        "preprocessing_digest": preprocessing_digest(),
        "test_accuracy": f"{evaluation.accuracy:.6f}",
        "test_digest": dataset.test.digest,
        "test_macro_f1": f"{evaluation.macro_f1:.6f}",
    }
    return RunRecord(
        run_name=f"{recipe.name}-seed-{seed}",
        parameters={
            **_flat(recipe.hyperparameters()),
            **environment(),
            **tags,
            "validation_digest": data.validation.digest,
            "scoring_graph_sha256": candidate.graph_sha256,
        },
        epochs=[_epoch_metrics(epoch) for epoch in training.history],
        metrics={
            **{f"test_{name}": value for name, value in evaluation.scalars().items()},
            "training_wall_seconds": training.wall_seconds,
            "training_cpu_seconds": training.cpu_seconds,
            "parameters": training.parameters,
            "temperature": candidate.temperature,
            "accept_confidence": candidate.accept_confidence,
            "ood_threshold": candidate.ood_threshold,
            "no_digit_threshold": candidate.no_digit_threshold,
            "latency_p99_ms": candidate.runtime.latency_p99_ms,
            **labelled_set_metrics(candidate.labelled_sets),
            **{f"data/{name}": value for name, value in description.metrics.items()},
            **_shares(data),
        },
        files=_files(candidate, dataset.test)
        | description.files
        | {"data/sources.json": json.dumps(data.sources, indent=1).encode()}
        | {"model-card.md": card.encode()},
        graph=candidate.graph,
        graph_sha256=candidate.graph_sha256,
        accept_confidence=candidate.accept_confidence,
        ood_threshold=candidate.ood_threshold,
        no_digit_threshold=candidate.no_digit_threshold,
        version_tags=tags,
        datasets=_datasets(data),
        description=card,
    )


def _shares(data: TrainingData) -> dict[str, float]:
    """Share of an epoch of each source, as `data/share/SOURCE`."""
    return {f"data/share/{loggable(s['name'])}": s["share"] for s in data.sources}


def _datasets(data: TrainingData) -> list[DatasetRecord]:
    of_training = [
        DatasetRecord(source["name"], source["digest"], "training", source)
        for source in data.sources
    ]
    of_dataset = [
        DatasetRecord(data.dataset.source, images.digest, context, {"images": images.n})
        for context, images in (("validation", data.validation), ("testing", data.dataset.test))
    ]
    own = [
        DatasetRecord(name, images.digest, "evaluation", {"images": images.n})
        for name, images in data.labelled_sets.items()
    ]
    return [*of_training, *of_dataset, *own]


def _files(candidate: Candidate, test: LabelledImages) -> dict[str, bytes]:
    training, evaluation = candidate.training, candidate.evaluation
    history = training.history
    return {
        "plots/loss.png": plot_learning_curves(
            {
                "training": [e.loss for e in history],
                "validation": [e.validation_loss for e in history],
            },
            "Loss",
            "loss",
        ),
        "plots/accuracy.png": plot_learning_curves(
            {
                "training": [e.accuracy for e in history],
                "validation": [e.validation_accuracy for e in history],
            },
            "Accuracy",
            "share right",
        ),
        "plots/confusion-matrix.png": plot_confusion_matrix(
            np.asarray(evaluation.confusion), "Confusion matrix, test images"
        ),
        "plots/misclassified.png": plot_misclassified(
            test.images, test.labels, candidate.probabilities
        ),
        "history.json": json.dumps([asdict(epoch) for epoch in history], indent=1).encode(),
        "evaluation.json": json.dumps(evaluation.as_dict(), indent=1).encode(),
        "test-predictions.parquet": _predictions(test.labels, candidate.probabilities),
        "keras/model.keras": _keras_bytes(training.model, candidate.graph.parent),
    }


def _predictions(labels: Labels, probabilities: Probabilities) -> bytes:
    columns: dict[str, Any] = {"index": np.arange(len(labels)), "label": labels.astype(np.int8)}
    columns |= {name: probabilities[:, i] for i, name in enumerate(PROBABILITY_COLUMNS)}
    return to_parquet(pa.table(columns))


def _keras_bytes(model: Any, folder: Path) -> bytes:
    path = folder / "model.keras"
    model.save(path)
    return path.read_bytes()


def _epoch_metrics(epoch: Epoch) -> dict[str, float]:
    values = {name: value for name, value in asdict(epoch).items() if name != "number"}
    return {name: float(value) for name, value in values.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}_")
        else:
            flat[prefix + name] = value
    return flat
