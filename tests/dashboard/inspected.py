"""Versions with recorded predictions for real test images, for the pages that look at errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from mnist.data.datasets import Dataset, load_sklearn_digits
from mnist.digits import Labels, Probabilities
from mnist.tables import PROBABILITY_COLUMNS, to_parquet
from tests.factories import template_graph


@cache
def digits() -> Dataset:
    """The images that a machine without MNIST has."""
    return load_sklearn_digits()


def probabilities_of(labels: Labels, mistakes: Mapping[int, int]) -> Probabilities:
    """Predict every image rightly but those named: row -> digit that is predicted instead."""
    predicted = labels.copy()
    for row, digit in mistakes.items():
        predicted[row] = digit
    sure, rest = 0.9, 0.1 / 9
    probabilities = np.full((len(labels), 10), rest, np.float32)
    # Every image a little different, so that there is an order to test.
    probabilities[np.arange(len(labels)), predicted] = sure
    tilt = np.linspace(0, 0.05, len(labels), dtype=np.float32)
    probabilities[np.arange(len(labels)), predicted] -= tilt
    probabilities[np.arange(len(labels)), (predicted + 1) % 10] += tilt
    return probabilities


def predictions(mistakes: Mapping[int, int]) -> bytes:
    """Make the file that a run keeps of what its version predicts for the test images."""
    labels = digits().test.labels
    probabilities = probabilities_of(labels, mistakes)
    columns = {"index": np.arange(len(labels)), "label": labels.astype(np.int8)}
    columns |= {name: probabilities[:, i] for i, name in enumerate(PROBABILITY_COLUMNS)}
    return to_parquet(pa.table(columns))


def files(mistakes: Mapping[int, int]) -> dict[str, bytes]:
    """Make what a run keeps: predictions and a history of two epochs."""
    history = [
        {
            "number": number,
            "loss": 0.5 / number,
            "accuracy": 0.8 + number / 20,
            "validation_loss": 0.4 / number,
            "validation_accuracy": 0.85 + number / 20,
        }
        for number in (1, 2)
    ]
    return {
        "test-predictions.parquet": predictions(mistakes),
        "history.json": json.dumps(history).encode(),
    }


def rows_of(digit: int, count: int) -> list[int]:
    """Name the first test images of a digit."""
    return np.flatnonzero(digits().test.labels == digit)[:count].tolist()


MISTAKES = dict.fromkeys(rows_of(4, 3), 9) | dict.fromkeys(rows_of(7, 2), 1)
"""What the champion of these tests misclassifies."""


def graph(folder: Path) -> dict[str, bytes]:
    """Make the scoring graph of a run, as one of its files."""
    path = folder / "model.onnx"
    template_graph(path)
    return {path.name: path.read_bytes()}


def tags(folder: Path, run_id: str) -> dict[str, str]:
    """Say what a version says of itself that was measured on these images."""
    digest = hashlib.sha256(graph(folder)["model.onnx"]).hexdigest()
    return {
        "dataset": digits().source,
        "test_digest": digits().test.digest,
        "test_accuracy": "0.986",
        "scoring_graph_sha256": digest,
        "scoring_graph_location": f"1/{run_id}/artifacts/model.onnx",
        "accept_confidence": "0.9",
        "recipe": "demo",
    }
