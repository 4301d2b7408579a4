"""What of the rows is watched, and what a change of it speaks of."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Outcome
from mnist.monitoring.distances import Values
from mnist.tables import PROBABILITY_COLUMNS


class Speaks(StrEnum):
    """What a measure speaks of."""

    SOURCE = "source"
    """Scanner, camera, export, form: what the picture is before anybody looks for a digit in it."""

    WRITING = "writing"
    """The strokes, and how sure the network is of them."""

    MIX = "mix"
    """How often each digit occurs."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number per image.

    Attributes:
        name: For tables.
        speaks_of: What has changed if it changes.
        columns: Columns of a row that it needs.
        depends_on: Column that must be equal for two rows to be comparable; empty if none.
        of_all_rows: Whether rejected rows have it too.
    """

    name: str
    speaks_of: Speaks
    columns: tuple[str, ...]
    depends_on: str = ""
    of_all_rows: bool = False


ANSWERS = Measure("answers", Speaks.WRITING, PROBABILITY_COLUMNS, depends_on="model_digest")
"""What the network thinks of the other digits; `mnist.monitoring.answers` compares it."""

NUMBERS = (
    Measure("size", Speaks.SOURCE, ("width", "height")),
    Measure("shape", Speaks.SOURCE, ("width", "height")),
    Measure("brightness", Speaks.SOURCE, ("brightness",)),
    Measure("contrast", Speaks.SOURCE, ("contrast",)),
    Measure("sharpness", Speaks.SOURCE, ("sharpness",)),
    Measure("coverage", Speaks.WRITING, ("coverage",)),
    Measure("ink", Speaks.WRITING, ("ink",), depends_on="preprocessing_digest"),
    Measure("confidence", Speaks.WRITING, ("confidence",), depends_on="model_digest"),
    Measure("ood score", Speaks.WRITING, ("ood_score",), depends_on="model_digest"),
    ANSWERS,
)
"""Compared within each digit, so that other shares of the digits change none of them."""

SHARES = (
    Measure("rejected", Speaks.SOURCE, ("outcome",), "preprocessing_digest", of_all_rows=True),
    Measure("framed", Speaks.SOURCE, ("warnings",), "preprocessing_digest"),
    Measure("digit", Speaks.MIX, ("digit",)),
)
"""Compared as shares of all rows."""

_FRAMED = {ImageWarning.CUT_OFF, ImageWarning.SEVERAL_COMPONENTS}
"""What printed lines of a form, or another cut of its fields, leave in the pictures."""

COLUMNS = (
    *dict.fromkeys(column for measure in (*NUMBERS, *SHARES) for column in measure.columns),
    "model_digest",
    "preprocessing_digest",
    "scored_at",
    "identity",
    "chunk",
)
"""Columns of a row that watching needs."""


def values_of(measure: Measure, rows: pa.Table) -> tuple[Values, NDArray[np.int64]]:
    """Take the values of a measure, and the predicted digit of each, of the rows that have both.

    Args:
        measure: One of `NUMBERS` but `ANSWERS`, or of `SHARES`, whose values are classes: for
            `digit` 0-9, for the others 0 and 1; rejected rows have the digit -1.
        rows: At least the columns `COLUMNS`.
    """
    digits = np.asarray(rows["digit"].fill_null(-1).to_numpy(), np.int64)
    match measure.name:
        case "size":
            values = np.sqrt(_numbers(rows, "width") * _numbers(rows, "height"))
        case "shape":
            values = _numbers(rows, "width") / np.maximum(_numbers(rows, "height"), 1)
        case "rejected":
            values = np.array([o == Outcome.REJECTED for o in rows["outcome"].to_pylist()], float)
        case "framed":
            values = np.array(
                [bool(_FRAMED & {*(w or ())}) for w in rows["warnings"].to_pylist()], float
            )
        case _:
            values = _numbers(rows, measure.columns[0])
    has_value = ~np.isnan(values) & (measure.of_all_rows | (digits >= 0))
    return values[has_value], digits[has_value]


def _numbers(rows: pa.Table, column: str) -> Values:
    return np.asarray(rows[column].cast(pa.float64()).fill_null(np.nan).to_numpy(), np.float64)
