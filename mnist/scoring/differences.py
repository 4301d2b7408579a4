"""What another model version predicts differently, at 32 bytes for each object version."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mnist.digits import Outcome
from mnist.scoring.identities import Identities, IdentityArray, identity_column
from mnist.scoring.tally import places_that_count
from mnist.tables import ROWS

PREDICTION_COLUMNS = (
    "identity",
    "outcome",
    "digit",
    "confidence",
    "value",
    "accepted",
    "model_version",
    "scored_at",
    "chunk",
)
"""What is compared, and what says which of several rows counts."""

NAME_COLUMNS = ("identity", "batch", "key", "etag", "bytes")

_NO_DIGIT = -1
_PREDICTION = np.dtype(
    [
        ("identity", "S16"),
        ("is_ours", bool),
        ("outcome", np.int8),
        ("accepted", bool),
        ("digit", np.int8),
        ("value", object),
        ("confidence", np.float32),
    ]
)
_COMPARED = ("outcome", "accepted", "digit", "value")
_OUTCOMES = (Outcome.SCORED, Outcome.REJECTED, Outcome.EMPTY, Outcome.NOT_A_DIGIT)
_REJECTED = _OUTCOMES.index(Outcome.REJECTED)
_HASHED_AT_ONCE = 1_000


class VersionPredictions:
    """What one model version says of a batch; takes in its parts one after the other.

    Args:
        version: The model version. Rows of others are taken in too: they may be those that count.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self._parts: list[tuple[datetime, str, NDArray[Any]]] = []

    def add(self, rows: pa.Table) -> None:
        """Take in a part.

        Args:
            rows: At least the columns PREDICTION_COLUMNS.
        """
        if not rows.num_rows:
            return
        part = np.empty(rows.num_rows, _PREDICTION)
        part["identity"] = identity_column(rows)
        part["is_ours"] = pc.equal(rows["model_version"], self.version).to_numpy()
        outcomes = pa.array([*map(str, _OUTCOMES)])
        part["outcome"] = pc.index_in(rows["outcome"], outcomes).to_numpy()
        part["accepted"] = rows["accepted"].to_numpy()
        part["digit"] = pc.fill_null(rows["digit"], _NO_DIGIT).to_numpy()
        if "value" in rows.column_names:
            part["value"] = np.array(rows["value"].to_pylist(), object)
        part["confidence"] = pc.fill_null(rows["confidence"], np.nan).to_numpy()
        first = pc.min(rows["scored_at"]).as_py(), pc.min(rows["chunk"]).as_py()
        self._parts.append((*first, part))

    def that_count(self) -> NDArray[Any]:
        """Return this version's predictions that count, one per object version, sorted."""
        parts = sorted(self._parts, key=lambda part: part[:2])
        everything = np.concatenate([np.empty(0, _PREDICTION), *(part for _, _, part in parts)])
        is_rejected = everything["outcome"] == _REJECTED
        counting = everything[places_that_count(everything["identity"], is_rejected)]
        ours: NDArray[Any] = counting[counting["is_ours"]]
        return ours

    def identities(self) -> Identities:
        """Return the object versions whose row that counts is one of this version's."""
        return Identities(self.that_count()["identity"])


@dataclass(frozen=True, eq=False)
class VersionComparison:
    """Two versions side by side on one batch.

    Attributes:
        compared: Object versions that both have read.
        gone: Object versions that only the old one has read.
        changed: Those whose outcome, digit or acceptance is another one.
        columns: The columns `old_...` and `new_...` of the changed ones, in the order of `changed`.
    """

    compared: int
    gone: int
    changed: IdentityArray
    columns: pa.Table


def compare(old: VersionPredictions, new: VersionPredictions) -> VersionComparison:
    """Put the predictions of two versions side by side."""
    before, after = old.that_count(), new.that_count()
    shared, left, right = np.intersect1d(
        before["identity"], after["identity"], assume_unique=True, return_indices=True
    )
    gone = len(before) - len(shared)
    before, after = before[left], after[right]
    differs = np.any([before[name] != after[name] for name in _COMPARED], axis=0)
    columns = {
        **_spelt_out(before[differs], "old_", old.version),
        **_spelt_out(after[differs], "new_", new.version),
    }
    return VersionComparison(len(shared), gone, shared[differs], pa.table(columns))


def changed_rows(comparison: VersionComparison, parts: Iterable[pa.Table]) -> pa.Table:
    """Name the images whose prediction changed.

    Args:
        comparison: Of two versions on a batch.
        parts: The parts of the batch once more, taken one after the other; at least the columns
            NAME_COLUMNS.

    Returns:
        Columns batch, key, etag, bytes, and for each of outcome, digit, confidence, value, accepted
        and model_version one with the prefix `old_` and one with `new_`; in the order of batch and
        key.
    """
    changed = Identities(comparison.changed)
    names = pa.concat_tables(
        [
            pa.schema([ROWS.field(name) for name in NAME_COLUMNS]).empty_table(),
            *(
                rows.select(NAME_COLUMNS).filter(pa.array(changed.has(identity_column(rows))))
                for rows in parts
            ),
        ],
        promote_options="default",
    )
    identities, first = np.unique(identity_column(names), return_index=True)
    joined = names.take(pa.array(first)).drop_columns(["identity"])
    columns = comparison.columns.take(pa.array(np.searchsorted(changed.members, identities)))
    for name in columns.column_names:
        joined = joined.append_column(name, columns[name])
    return joined.sort_by([("batch", "ascending"), ("key", "ascending"), ("etag", "ascending")])


def flips(changed: pa.Table) -> dict[tuple[int, int], int]:
    """Count the changed digits among `changed_rows`: (old digit, new digit) -> images."""
    pairs = zip(changed["old_digit"].to_pylist(), changed["new_digit"].to_pylist(), strict=True)
    return Counter(pair for pair in pairs if None not in pair and pair[0] != pair[1])


def content_name(table: pa.Table) -> str:
    """Name a table by what is in it: the same rows give the same name on every machine."""
    digest = hashlib.sha256()
    for piece in table.to_batches(max_chunksize=_HASHED_AT_ONCE):
        for row in piece.to_pylist():
            digest.update(repr(sorted(row.items())).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def _spelt_out(predictions: NDArray[Any], prefix: str, version: str) -> dict[str, pa.Array]:
    columns = {
        "outcome": pa.array((str(_OUTCOMES[c]) for c in predictions["outcome"]), pa.string()),
        "digit": pa.array(predictions["digit"], pa.int8(), mask=predictions["digit"] == _NO_DIGIT),
        "confidence": pa.array(predictions["confidence"], mask=np.isnan(predictions["confidence"])),
        "value": pa.array(predictions["value"], pa.string()),
        "accepted": pa.array(predictions["accepted"]),
        "model_version": pa.array([version] * len(predictions), pa.string()),
    }
    return {prefix + name: column for name, column in columns.items()}
