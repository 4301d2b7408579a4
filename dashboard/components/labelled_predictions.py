"""Labelled images and what one model version predicts: what is wrong, how wrong, how surely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard.components.batch_rows import BatchRows
from mnist.digits import Labels, Probabilities
from mnist.errors import IntegrityError, InvalidInput
from mnist.evaluation.metrics import Evaluation, evaluate, require_comparable
from mnist.registry.catalogue import TEST_PREDICTIONS, Catalogue
from mnist.registry.records import VersionDetails
from mnist.tables import PROBABILITY_COLUMNS, from_parquet

_TINY = 1e-12
"""Added inside logarithms, so that a probability of 0 is a large loss and not an infinite one."""


@dataclass(frozen=True, eq=False)
class LabelledPredictions:
    """Labelled images and the prediction for each, row by row in the same order.

    Attributes:
        frame: Columns `label`, `digit` (the predicted one), `right`, `confidence` (0-1), `margin`
            (0-1), `loss` (nats), `entropy` (nats) and `name`; for images of a batch also `key`,
            `etag`, `bytes`, `sha256` and `version` (the model version that predicted it). Its
            index is the row.
        probabilities: Shape (n, 10).
    """

    frame: pd.DataFrame
    probabilities: Probabilities

    @property
    def labels(self) -> Labels:
        """True digits, shape (n,)."""
        return self.frame["label"].to_numpy(np.int64)

    @cached_property
    def evaluation(self) -> Evaluation:
        """All predictions together; the first look measures them, 0.4 s for 100,000."""
        return evaluate(self.labels, self.probabilities)


def labelled_predictions(labels: Labels, probabilities: Probabilities) -> LabelledPredictions:
    """Measure each prediction.

    Args:
        labels: Shape (n,), values 0-9, n > 0.
        probabilities: Shape (n, 10), rows summing to 1.

    Raises:
        InvalidEvaluation: If they cannot be compared.
    """
    require_comparable(labels, probabilities)
    rows = np.arange(len(labels))
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    digit = probabilities.argmax(axis=1)
    logarithms = np.log(probabilities.astype(np.float64) + _TINY)
    frame = pd.DataFrame(
        {
            "name": [f"test image {row}" for row in rows],
            "label": labels,
            "digit": digit,
            "right": digit == labels,
            "confidence": two[:, 1],
            "margin": two[:, 1] - two[:, 0],
            "loss": np.abs(logarithms[rows, labels]),
            "entropy": np.abs((probabilities * logarithms).sum(axis=1)),
        }
    )
    return LabelledPredictions(frame, probabilities)


def of_test_images(catalogue: Catalogue, details: VersionDetails) -> LabelledPredictions:
    """Fetch what a version predicts for the test images, as recorded at its training.

    Raises:
        InvalidInput: If its run kept no predictions.
        IntegrityError: If they are damaged.
    """
    content = catalogue.file(details.run, TEST_PREDICTIONS)
    if content is None:
        raise InvalidInput(
            f"The run of version {details.version} kept no {TEST_PREDICTIONS}, so nobody can say "
            "which images it misclassifies; retrain, or choose another version."
        )
    try:
        table = from_parquet(content, ["label", *PROBABILITY_COLUMNS])
        labels = table["label"].to_numpy().astype(np.int64)
        return labelled_predictions(labels, probabilities_in(table))
    except (pa.ArrowException, ValueError) as error:
        raise IntegrityError(
            f"{TEST_PREDICTIONS} of version {details.version} cannot be read ({error}); retrain, "
            "or choose another version."
        ) from error


def of_batch(rows: BatchRows, digits: Mapping[str, int]) -> LabelledPredictions | None:
    """Gather the recorded predictions of a batch whose true digit people have settled.

    Args:
        rows: The rows of the batch.
        digits: SHA-256 of an image's bytes -> its true digit.

    Returns:
        None if there is no such image.
    """
    labels = pd.Series(rows.table["sha256"].to_pandas().map(digits), dtype="Float64")
    labelled = labels.notna() & rows.table["digit"].to_pandas().notna()
    if not labelled.any():
        return None
    table = rows.table.filter(pa.array(labelled))
    predictions = labelled_predictions(labels[labelled].to_numpy(np.int64), probabilities_in(table))
    keys = table["key"].to_pandas()
    frame = predictions.frame.assign(
        name=keys.str.partition("/")[2],
        key=keys,
        etag=table["etag"].to_pandas(),
        bytes=table["bytes"].to_pandas(),
        sha256=table["sha256"].to_pandas(),
        version=table["model_version"].to_pandas(),
    )
    return LabelledPredictions(frame, predictions.probabilities)


def together(parts: Sequence[LabelledPredictions]) -> LabelledPredictions:
    """Join the predictions of several batches, one or more; rows are numbered anew."""
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    return LabelledPredictions(frame, np.concatenate([part.probabilities for part in parts]))


def probabilities_in(table: pa.Table) -> Probabilities:
    """Take the ten probabilities out of a table, shape (n, 10)."""
    columns = [table[name].to_numpy() for name in PROBABILITY_COLUMNS]
    return np.asarray(np.stack(columns, axis=1), np.float32)
