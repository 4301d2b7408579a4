"""From a finished training to a candidate: calibrated, exported, measured, written up."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mnist.acceptance import NOTHING_ACCEPTED, accept_confidence
from mnist.calibration import fit_temperature
from mnist.datasets import Dataset
from mnist.digits import Images, Labels, Probabilities
from mnist.graphs import Predictor, export_graph
from mnist.images import preprocessing_digest
from mnist.labelled import LabelledImages
from mnist.metrics import Evaluation, evaluate
from mnist.models import with_temperature
from mnist.plots import plot_confusion_matrix, plot_learning_curves, plot_misclassified
from mnist.promotion import Evidence, Runtime
from mnist.provenance import code_digest, environment
from mnist.recipes import Recipe
from mnist.run_records import RunRecord
from mnist.tables import PROBABILITY_COLUMNS, to_parquet
from mnist.training import Epoch, Training

_LATENCY_IMAGES = 500


@dataclass(frozen=True)
class Candidate:
    """A trained, calibrated and exported model with its measurements.

    Attributes:
        training: How it was trained; its `model` is the calibrated Keras model.
        temperature: What its probabilities were divided by, in logits.
        accept_confidence: Readings with at least this confidence need no review.
        graph: The scoring graph, an ONNX file.
        graph_sha256: Its digest.
        probabilities: What the graph says of the test images, shape (n, 10).
        evaluation: Those probabilities against the labels.
        runtime: How the graph behaved in the scoring runtime.
    """

    training: Training
    temperature: float
    accept_confidence: float
    graph: Path
    graph_sha256: str
    probabilities: Probabilities
    evaluation: Evaluation
    runtime: Runtime


def make_candidate(
    training: Training,
    validation: LabelledImages,
    test: LabelledImages,
    folder: Path,
    *,
    max_accepted_error_rate: float,
) -> Candidate:
    """Calibrate on the validation images, export, and measure on the test images.

    Args:
        training: A finished training.
        validation: Images the model has not learned from; temperature and threshold come
            from these.
        test: Images touched here, once, to report.
        folder: Where the scoring graph is written.
        max_accepted_error_rate: Largest tolerable share of wrong readings among accepted ones.

    Raises:
        IntegrityError: If the exported graph does not agree with the Keras model.
    """
    uncalibrated = _keras_predict(training.model, validation.images)
    temperature = fit_temperature(validation.labels, uncalibrated)
    training = replace(training, model=with_temperature(training.model, temperature))
    graph = folder / "model.onnx"
    graph_sha256 = export_graph(training.model, graph)
    predictor = Predictor(graph, graph_sha256)
    probabilities = predictor.predict(test.images)
    return Candidate(
        training=training,
        temperature=temperature,
        accept_confidence=accept_confidence(
            validation.labels,
            predictor.predict(validation.images),
            max_error_rate=max_accepted_error_rate,
        ),
        graph=graph,
        graph_sha256=graph_sha256,
        probabilities=probabilities,
        evaluation=evaluate(test.labels, probabilities),
        runtime=_measure_runtime(training.model, predictor, test.images, graph_sha256),
    )


def evidence(
    model: str, version: str, data: Dataset, probabilities: Probabilities, **known: Any
) -> Evidence:
    """Put what a model version says of the test images into the form that gates judge.

    Args:
        model: Registered model.
        version: Its version in the registry.
        data: Where the test images come from.
        probabilities: What the version says of them, shape (n, 10).
        known: Further fields of `Evidence`.
    """
    return Evidence(
        labels=data.test.labels,
        probabilities=probabilities,
        images_digest=data.test.digest,
        writers=data.test_writers,
        model=model,
        model_version=version,
        **known,
    )


def write_up(
    candidate: Candidate, recipe: Recipe, data: Dataset, validation: LabelledImages, seed: int
) -> RunRecord:
    """Gather everything a registry should keep about a candidate."""
    training, evaluation = candidate.training, candidate.evaluation
    tags = {
        "recipe": recipe.name,
        "dataset": data.source,
        "dataset_digest": data.digest,
        "preprocessing_digest": preprocessing_digest(),
        "code_digest": code_digest(),
        "test_accuracy": f"{evaluation.accuracy:.6f}",
        "test_digest": data.test.digest,
        "test_macro_f1": f"{evaluation.macro_f1:.6f}",
    }
    return RunRecord(
        run_name=f"{recipe.name}-seed-{seed}",
        parameters={
            **_flat(asdict(recipe)),
            **environment(),
            **tags,
            "seed": seed,
            "validation_digest": validation.digest,
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
            "latency_p99_ms": candidate.runtime.latency_p99_ms,
        },
        files=_files(candidate, data.test)
        | {"model-card.md": model_card(candidate, recipe, data, seed).encode()},
        graph=candidate.graph,
        graph_sha256=candidate.graph_sha256,
        accept_confidence=candidate.accept_confidence,
        version_tags=tags,
    )


def model_card(candidate: Candidate, recipe: Recipe, data: Dataset, seed: int) -> str:
    """Say in Markdown what the model is, what it was measured on and when not to use it."""
    evaluation, training = candidate.evaluation, candidate.training
    source = (
        "the real MNIST"
        if data.source == "mnist"
        else f"**not MNIST but {data.source}: these numbers say nothing about MNIST**"
    )
    accepted = (
        "nothing: the validation images cannot show the wanted error rate"
        if candidate.accept_confidence >= NOTHING_ACCEPTED
        else f"confidence ≥ {candidate.accept_confidence:.4f}"
    )
    return "\n".join(
        [
            f"# Recipe {recipe.name}, seed {seed}",
            "",
            f"Trained on {source}: {data.train.n} images to learn from and select by, "
            f"{data.test.n} to report.",
            "",
            "| | |",
            "|---|---|",
            f"| test accuracy | {evaluation.accuracy:.4f} ({evaluation.errors} errors) |",
            f"| macro F1 | {evaluation.macro_f1:.4f} |",
            f"| log loss | {evaluation.log_loss:.4f} |",
            f"| expected calibration error | {evaluation.calibration_error:.4f} |",
            f"| accepted without review | {accepted} |",
            f"| parameters | {training.parameters:,} |",
            f"| training | {training.wall_seconds:.0f} s, {training.cpu_seconds:.0f} CPU s |",
            f"| scoring graph SHA-256 | `{candidate.graph_sha256}` |",
            "",
            "Reads one digit per image, 28x28, bright ink on dark ground, centred as MNIST's are; "
            "`mnist.images` makes such images of scans and photos. It does not know letters and "
            "does not find digits on a page.",
            "",
        ]
    )


def _files(candidate: Candidate, test: LabelledImages) -> dict[str, bytes]:
    training, evaluation = candidate.training, candidate.evaluation
    history = training.history
    read = candidate.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != test.labels)
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
            test.images[wrong], test.labels[wrong], candidate.probabilities[wrong]
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


def _keras_predict(model: Any, images: Images) -> Probabilities:
    return np.asarray(model.predict(images, batch_size=500, verbose=0))


def _measure_runtime(
    model: Any, predictor: Predictor, images: Images, expected_sha256: str
) -> Runtime:
    sample = images[:_LATENCY_IMAGES]
    got = predictor.predict(sample)
    seconds = []
    for image in sample:
        started = time.perf_counter()
        predictor.predict(image[None])
        seconds.append(time.perf_counter() - started)
    return Runtime(
        parity=float(np.abs(got - _keras_predict(model, sample)).max()),
        finite=bool(np.isfinite(got).all()),
        digest_matches=predictor.sha256 == expected_sha256,
        latency_p99_ms=float(np.quantile(seconds, 0.99) * 1_000),
    )


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
