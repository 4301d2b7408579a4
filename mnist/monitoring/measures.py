"""What of the rows is watched, and what a change of it speaks of."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa

from mnist.digits import CLASSES, Outcome
from mnist.monitoring.distances import Counts, Values
from mnist.tables import PROBABILITY_COLUMNS


class Speaks(StrEnum):
    """What a measure speaks of."""

    SOURCE = "source"
    """Scanner, camera, export: what the picture is before anybody looks for a digit in it."""

    WRITING = "writing"
    """The strokes, and how sure the network is of them."""

    MIX = "mix"
    """How often each digit occurs."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number per image, or one class per image.

    Attributes:
        name: For tables.
        speaks_of: What has changed if it changes.
        column: Column of a row.
        depends_on: Column that must be equal for two rows to be comparable; empty if none.
    """

    name: str
    speaks_of: Speaks
    column: str
    depends_on: str = ""


NUMBERS = (
    Measure("width", Speaks.SOURCE, "width"),
    Measure("height", Speaks.SOURCE, "height"),
    Measure("brightness", Speaks.SOURCE, "brightness"),
    Measure("contrast", Speaks.SOURCE, "contrast"),
    Measure("ink", Speaks.WRITING, "ink", depends_on="preprocessing_digest"),
    Measure("confidence", Speaks.WRITING, "confidence", depends_on="model_digest"),
)

CLASSIFICATIONS = (
    Measure("rejected", Speaks.SOURCE, "outcome", depends_on="preprocessing_digest"),
    Measure("digit", Speaks.MIX, "digit"),
)

COLUMNS = (
    *dict.fromkeys(measure.column for measure in (*NUMBERS, *CLASSIFICATIONS)),
    *PROBABILITY_COLUMNS,
    "model_digest",
    "preprocessing_digest",
    "scored_at",
    "identity",
    "chunk",
)
"""Columns of a row that watching needs."""


def numbers_of(measure: Measure, rows: pa.Table) -> Values:
    """Take the values of a measure, of the rows that have one."""
    return np.asarray(rows[measure.column].drop_null().to_numpy(), np.float64)


def classes_of(measure: Measure, rows: pa.Table) -> Counts:
    """Count the rows in each class of a measure."""
    if measure.column == "outcome":
        rejected = sum(name == Outcome.REJECTED for name in rows["outcome"].to_pylist())
        return np.array([rows.num_rows - rejected, rejected])
    digits = rows["digit"].drop_null().to_numpy()
    return np.bincount(np.asarray(digits, np.int64), minlength=CLASSES)
