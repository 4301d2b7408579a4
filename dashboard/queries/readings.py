"""Labelled images as one model version reads them: what is wrong, how wrong, and how surely."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard.queries.rows import BatchRows
from mnist.digits import CLASSES, Labels, Outcome, Probabilities
from mnist.errors import IntegrityError, InvalidInput
from mnist.evaluation.metrics import Evaluation, evaluate, require_comparable
from mnist.registry.catalogue import TEST_PREDICTIONS, Catalogue
from mnist.registry.records import VersionDetails
from mnist.tables import PROBABILITY_COLUMNS, from_parquet

_TINY = 1e-12
"""Added inside logarithms, so that a probability of 0 is a large loss and not an infinite one."""

LARGEST_LOSS = 28.0
"""Above every loss, in nats: -ln of the above is 27.6."""

LARGEST_ENTROPY = 2.31
"""Above every entropy of ten probabilities, in nats: ln 10 is 2.303."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Labelled images and what was read in them, row by row in the same order.

    Attributes:
        frame: Columns `label`, `digit`, `right`, `confidence` (0-1), `margin` (0-1), `loss`
            (nats), `entropy` (nats) and `name`; readings of a batch also have `key`, `etag` and
            `bytes`. Its index is the row.
        probabilities: Shape (n, 10).
    """

    frame: pd.DataFrame
    probabilities: Probabilities

    @property
    def labels(self) -> Labels:
        """True digits, shape (n,)."""
        return self.frame["label"].to_numpy(np.int64)


class Order(StrEnum):
    """Orders in which readings can be looked at."""

    LOSS = "most surprising first"
    SURE = "most sure first"
    DOUBTFUL = "least sure first"
    MARGIN = "closest call first"
    ENTROPY = "most spread first"
    PLACE = "in their order"


_SORTED_BY = {
    Order.LOSS: ("loss", False),
    Order.SURE: ("confidence", False),
    Order.DOUBTFUL: ("confidence", True),
    Order.MARGIN: ("margin", True),
    Order.ENTROPY: ("entropy", False),
}


@dataclass(frozen=True)
class ReadingFilter:
    """Which readings to keep; None keeps all.

    Attributes:
        true: The label.
        read: The digit read.
        wrong: Only what was misread.
        between: Column -> lowest and highest value to keep.
    """

    true: int | None = None
    read: int | None = None
    wrong: bool = False
    between: Mapping[str, tuple[float, float]] | None = None


def readings(labels: Labels, probabilities: Probabilities) -> Readings:
    """Measure each reading.

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
    return Readings(frame, probabilities)


def of_test_images(catalogue: Catalogue, details: VersionDetails) -> Readings:
    """Load what a version reads in the test images, as recorded at its training.

    Raises:
        InvalidInput: If its run kept no predictions.
        IntegrityError: If they are damaged.
        Unavailable: If MLflow does not answer.
    """
    content = catalogue.file(details.run, TEST_PREDICTIONS)
    if content is None:
        raise InvalidInput(
            f"The run of version {details.version} kept no {TEST_PREDICTIONS}, so nobody can say "
            "which images it misread; retrain, or choose another version."
        )
    try:
        table = from_parquet(content, ["label", *PROBABILITY_COLUMNS])
        labels = table["label"].to_numpy().astype(np.int64)
        columns = [table[name].to_numpy() for name in PROBABILITY_COLUMNS]
        return readings(labels, np.stack(columns, axis=1))
    except (pa.ArrowException, ValueError) as error:
        raise IntegrityError(
            f"{TEST_PREDICTIONS} of version {details.version} cannot be read ({error}); retrain, "
            "or choose another version."
        ) from error


def of_batch(rows: BatchRows, digits: Mapping[str, int]) -> Readings | None:
    """Gather the readings of a batch whose true digit people have settled.

    Args:
        rows: The rows of the batch.
        digits: SHA-256 of an image's bytes -> its true digit.

    Returns:
        None if there is no such image.
    """
    known = pd.Series(rows.table["sha256"].to_pandas().map(digits), dtype="Float64")
    chosen = known.notna() & (rows.table["outcome"].to_pandas() == Outcome.SCORED)
    if not chosen.any():
        return None
    table = rows.table.filter(pa.array(chosen))
    columns = [table[name].to_numpy() for name in PROBABILITY_COLUMNS]
    found = readings(known[chosen].to_numpy(np.int64), np.stack(columns, axis=1))
    keys = table["key"].to_pandas()
    frame = found.frame.assign(
        name=keys.str.rpartition("/")[2],
        key=keys,
        etag=table["etag"].to_pandas(),
        bytes=table["bytes"].to_pandas(),
    )
    return Readings(frame, found.probabilities)


def matching(frame: pd.DataFrame, wanted: ReadingFilter) -> pd.DataFrame:
    """Keep the readings that a person asked for."""
    keep = pd.Series(data=True, index=frame.index)
    if wanted.true is not None:
        keep &= frame["label"] == wanted.true
    if wanted.read is not None:
        keep &= frame["digit"] == wanted.read
    if wanted.wrong:
        keep &= ~frame["right"]
    for column, (low, high) in (wanted.between or {}).items():
        keep &= frame[column].between(low, high)
    return frame[keep]


def ordered(frame: pd.DataFrame, order: Order) -> pd.DataFrame:
    """Sort readings; equals stay in the order of the images."""
    if order is Order.PLACE:
        return frame.sort_index()
    column, ascending = _SORTED_BY[order]
    return frame.sort_values(column, ascending=ascending, kind="stable")


def evaluation_of(found: Readings) -> Evaluation:
    """Measure all readings together."""
    return evaluate(found.labels, found.probabilities)


def per_digit(evaluation: Evaluation) -> pd.DataFrame:
    """List precision, recall and F1 (0-1) and the number of images of each digit."""
    return pd.DataFrame(
        {
            "digit": range(CLASSES),
            "precision": evaluation.precision,
            "recall": evaluation.recall,
            "F1": evaluation.f1,
            "images": evaluation.support,
        }
    )


def confused_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Count each confusion, the most frequent first.

    Returns:
        Columns `true`, `read`, `images`, and `share` of the true digit's images (0-1).
    """
    wrong = frame[~frame["right"]]
    pairs = wrong.groupby(["label", "digit"]).size().rename("images").reset_index()
    support = frame.groupby("label").size()
    return (
        pairs.rename(columns={"label": "true", "digit": "read"})
        .assign(share=pairs["images"] / pairs["label"].map(support))
        .sort_values(["images", "share"], ascending=False, ignore_index=True)
    )


def as_csv(chosen: pd.DataFrame) -> bytes:
    """Write readings as CSV in UTF-8."""
    buffer = io.StringIO()
    chosen.to_csv(buffer, index_label="row")
    return buffer.getvalue().encode()
