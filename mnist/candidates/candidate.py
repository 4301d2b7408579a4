"""From a finished training to a candidate: calibrated, exported, measured."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnist.acceptance.thresholds import review_thresholds
from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from mnist.digits import Images, Probabilities
from mnist.evaluation.calibration import fit_temperature
from mnist.evaluation.metrics import Evaluation, evaluate
from mnist.promotion import Evidence, Runtime
from mnist.scoring.graphs import Predictor, export_graph
from mnist.scoring.line_graphs import attach_line_graph
from mnist.scoring.ood import add_ood_score
from mnist.training.models import with_temperature
from mnist.training.train import Training

_LATENCY_IMAGES = 500

_OOD_IMAGES = 10_000
"""More show no other subspace of features."""


@dataclass(frozen=True)
class Candidate:
    """A trained, calibrated and exported model with its measurements.

    Attributes:
        training: How it was trained; its `model` is the calibrated Keras model.
        temperature: What its probabilities were divided by, in logits.
        accept_confidence: Predictions with at least this confidence need no review.
        ood_threshold: Images with a larger out-of-distribution score are unlike a digit.
        no_digit_threshold: Images with a larger one are not one digit.
        graph: The scoring graph, an ONNX file.
        graph_sha256: Its digest.
        probabilities: Predictions of the graph for the test images, shape (n, 10).
        evaluation: Those probabilities against the labels.
        runtime: How the graph behaved in the scoring runtime.
        labelled_sets: The graph on images of one's own, by the name of their set.
    """

    training: Training
    temperature: float
    accept_confidence: float
    ood_threshold: float
    no_digit_threshold: float
    graph: Path
    graph_sha256: str
    probabilities: Probabilities
    evaluation: Evaluation
    runtime: Runtime
    labelled_sets: Mapping[str, Evaluation]


def make_candidate(
    training: Training,
    learned: LabelledImages,
    validation: LabelledImages,
    test: LabelledImages,
    folder: Path,
    *,
    labelled_sets: Mapping[str, LabelledImages],
    max_accepted_error_rate: float,
    line_graph: bytes | None = None,
) -> Candidate:
    """Calibrate on the validation images, export, and measure on the test images.

    Args:
        training: A finished training.
        learned: What it has learned from; shows what the features of digits are like.
        validation: Images the model has not learned from; temperature and threshold come
            from these.
        test: Images touched here, once, to report.
        folder: Where the scoring graph is written.
        labelled_sets: Sets of one's own to report on, by name.
        max_accepted_error_rate: Largest tolerable share of wrong predictions among accepted ones.
        line_graph: The line network that the scoring graph is to carry along, if any.

    Raises:
        IntegrityError: If the exported graph does not agree with the Keras model.
    """
    uncalibrated = _keras_predict(training.model, validation.images)
    temperature = fit_temperature(validation.labels, uncalibrated)
    training = replace(training, model=with_temperature(training.model, temperature))
    graph = folder / "model.onnx"
    export_graph(training.model, graph)
    graph_sha256 = add_ood_score(graph, learned.images[:_OOD_IMAGES])
    if line_graph is not None:
        graph_sha256 = attach_line_graph(graph, line_graph)
    predictor = Predictor(graph, graph_sha256)
    probabilities = predictor.predict(test.images)
    thresholds = review_thresholds(
        validation.labels, predictor.outputs(validation.images), max_accepted_error_rate
    )
    return Candidate(
        training=training,
        temperature=temperature,
        **thresholds._asdict(),
        graph=graph,
        graph_sha256=graph_sha256,
        probabilities=probabilities,
        evaluation=evaluate(test.labels, probabilities),
        runtime=_measure_runtime(training.model, predictor, test.images, graph_sha256),
        labelled_sets={
            name: evaluate(images.labels, predictor.predict(images.images))
            for name, images in labelled_sets.items()
        },
    )


def evidence(
    model: str, version: str, data: Dataset, probabilities: Probabilities, **measured: Any
) -> Evidence:
    """Put predictions of a model version for the test images into the form that gates judge.

    Args:
        model: Registered model.
        version: Its version in the registry.
        data: Where the test images come from.
        probabilities: Predictions for them, shape (n, 10).
        measured: Further fields of `Evidence`.
    """
    return Evidence(
        labels=data.test.labels,
        probabilities=probabilities,
        images_digest=data.test.digest,
        writers=data.test_writers,
        model=model,
        model_version=version,
        **measured,
    )


def _keras_predict(model: Any, images: Images) -> Probabilities:
    return np.asarray(model.predict(images, batch_size=500, verbose=0))


def _measure_runtime(
    model: Any, predictor: Predictor, images: Images, expected_sha256: str
) -> Runtime:
    sample = images[:_LATENCY_IMAGES]
    predicted = predictor.predict(sample)
    seconds = []
    for image in sample:
        started = time.perf_counter()
        predictor.predict(image[None])
        seconds.append(time.perf_counter() - started)
    return Runtime(
        parity=float(np.abs(predicted - _keras_predict(model, sample)).max()),
        finite=bool(np.isfinite(predicted).all()),
        digest_matches=predictor.sha256 == expected_sha256,
        latency_p99_ms=float(np.quantile(seconds, 0.99) * 1_000),
    )
