"""Counting the rows of a batch part by part, each object version once, in 20 bytes a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mnist.digits import Outcome
from mnist.scoring.identities import Identities, IdentityArray, identity_column

_Fact = TypeVar("_Fact")

_COLUMNS = (
    "outcome",
    "reason",
    "accepted",
    "model_name",
    "model_version",
    "model_digest",
    "preprocessing_digest",
)

TALLY_COLUMNS = ("identity", "scored_at", "chunk", *_COLUMNS)
"""What a tally reads of a part."""


class Facts(NamedTuple):
    """What a receipt counts; many rows share the same."""

    outcome: Outcome
    reason: str | None
    accepted: bool
    model_name: str
    model_version: str
    model_digest: str
    preprocessing_digest: str


@dataclass(frozen=True, eq=False)
class _Part:
    written: tuple[datetime, str]
    identities: IdentityArray
    codes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Counted:
    """The rows that count: one for each object version.

    Attributes:
        identities: Shape (n,), sorted.
        codes: Shape (n,), positions in `facts`.
        facts: Every combination that occurs.
        rows: Rows in all parts, those that do not count included.
    """

    identities: IdentityArray
    codes: NDArray[np.int32]
    facts: tuple[Facts, ...]
    rows: int

    def within(self, listed: Identities) -> Counted:
        """Keep only the rows of listed object versions."""
        return self._where(listed.has(self.identities))

    def without(self, unlisted: Identities) -> Counted:
        """Leave out the rows of some object versions."""
        return self._where(~unlisted.has(self.identities))

    def _where(self, kept: NDArray[np.bool_]) -> Counted:
        return replace(self, identities=self.identities[kept], codes=self.codes[kept])

    def by(self, of: Callable[[Facts], _Fact]) -> Counter[_Fact]:
        """Count rows by something about them."""
        counts = np.bincount(self.codes, minlength=len(self.facts)).tolist()
        counted: Counter[_Fact] = Counter()
        for facts, count in zip(self.facts, counts, strict=True):
            if count:
                counted[of(facts)] += count
        return counted


class Tally:
    """Takes in the parts of a batch one after the other and forgets all but what it counts."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._codes: dict[Facts, int] = {}

    def add(self, rows: pa.Table) -> None:
        """Take in a part.

        Args:
            rows: At least the columns TALLY_COLUMNS.
        """
        if not rows.num_rows:
            return
        first = pc.min(rows["scored_at"]).as_py(), pc.min(rows["chunk"]).as_py()
        self._parts.append(_Part(first, identity_column(rows), self._coded(rows)))

    def counted(self) -> Counted:
        """Return the rows that count.

        Of several rows for one object version any other comes before a rejected one, then the
        one that was written first, then the one of the lower chunk name: `tables.one_row_each`
        keeps the same.
        """
        identities, codes, places = self._joined(self._written_first())
        return Counted(identities[places], codes[places], tuple(self._codes), len(codes))

    def masks(self) -> list[NDArray[np.bool_]]:
        """Tell of each row whether it counts: one array for each part, in the order of `add`."""
        order = self._written_first()
        identities, _, places = self._joined(order)
        counts = np.zeros(len(identities), bool)
        counts[places] = True
        ends = np.cumsum([len(self._parts[number].identities) for number in order])
        by_number = dict(zip(order, np.split(counts, ends[:-1]), strict=True))
        return [by_number[number] for number in range(len(order))]

    def _written_first(self) -> list[int]:
        return sorted(range(len(self._parts)), key=lambda number: self._parts[number].written)

    def _joined(
        self, order: Sequence[int]
    ) -> tuple[IdentityArray, NDArray[np.int32], NDArray[np.intp]]:
        """Join parts in this order: identities and codes of n rows, and the places that count."""
        parts = [self._parts[number] for number in order]
        identities = np.concatenate([np.empty(0, "S16"), *(part.identities for part in parts)])
        codes = np.concatenate([np.empty(0, np.int32), *(part.codes for part in parts)])
        rejected = np.array([fact.outcome == Outcome.REJECTED for fact in self._codes], bool)
        is_rejected = rejected[codes] if len(rejected) else codes.astype(bool)
        return identities, codes, places_that_count(identities, is_rejected)

    def _coded(self, rows: pa.Table) -> NDArray[np.int32]:
        """Number the combinations of facts in a part; shape (rows,)."""
        mixed = np.zeros(rows.num_rows, np.int64)
        for name in _COLUMNS:
            column = pc.dictionary_encode(rows[name].combine_chunks(), null_encoding="encode")
            mixed = mixed * len(column.dictionary) + column.indices.to_numpy(zero_copy_only=False)
        _, examples, inverse = np.unique(mixed, return_index=True, return_inverse=True)
        records = rows.select(_COLUMNS).take(pa.array(examples)).to_pylist()
        facts = [Facts(**record | {"outcome": Outcome(record["outcome"])}) for record in records]
        codes = [self._codes.setdefault(fact, len(self._codes)) for fact in facts]
        return np.array(codes, np.int32)[inverse]


def places_that_count(identities: IdentityArray, rejected: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Choose one of several rows for each object version: one not rejected, then the first one.

    Args:
        identities: Of n rows, the row that was written first at the front.
        rejected: Whether each is a rejection, shape (n,).

    Returns:
        Positions of the rows that count, in the order of their identities.
    """
    order = np.argsort(rejected, kind="stable")
    _, first = np.unique(identities[order], return_index=True)
    return order[first]
