"""Results of scoring: parts and receipts. Created once, never overwritten."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from mnist.digits import Outcome
from mnist.errors import IntegrityError
from mnist.keys import part_key, receipt_key, receipts_prefix, scores_prefix
from mnist.scoring.identities import Identities, IdentityArray, identity_column
from mnist.scoring.receipts import PartRecord, Receipt
from mnist.storage.bucket import Bucket
from mnist.tables import from_parquet, one_row_each, to_parquet

_READERS = 4

_ALL = (Outcome.SCORED, Outcome.REJECTED)

_REMEMBERED = 2_000_000
"""Settled object versions kept in memory over all batches: 32 MB."""


@dataclass(frozen=True, eq=False)
class _Settled:
    """What the parts of a batch settle."""

    parts: frozenset[str]
    identities: Identities


@dataclass(frozen=True)
class LatestReceipts:
    """The newest receipt of every batch that has one.

    Attributes:
        by_batch: Name of the batch -> its newest receipt.
        unreadable: Keys of objects that lie among the receipts and are none.
    """

    by_batch: dict[str, Receipt]
    unreadable: list[str]


class Results:
    """The bucket of rows and receipts."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._settled: OrderedDict[str, _Settled] = OrderedDict()
        self._receipts: dict[str, Receipt | None] = {}

    def write_part(self, batch: str, chunk: str, table: pa.Table) -> bool:
        """Record the rows of a chunk; False if that chunk was recorded before."""
        return self._bucket.create(part_key(batch, chunk), to_parquet(table)) is not None

    def recorded_rows(self, batch: str, chunk: str) -> int:
        """Count the rows that are recorded of a chunk; 0 if it has no part yet.

        Raises:
            IntegrityError: If its part is not the Parquet file it should be.
        """
        key = part_key(batch, chunk)
        if not self._bucket.exists(key):
            return 0
        return int(self._table(key, self._bucket.fetch(key), ["identity"]).num_rows)

    def part_keys(self, batch: str) -> list[str]:
        """Name the parts of a batch, in order."""
        pages = self._bucket.versions(scores_prefix(batch))
        return [version.key for page in pages for version in page]

    def settled(self, batch: str) -> Identities:
        """Return the object versions of a batch that have an outcome.

        Parts never change, so each is read once while its batch is among those asked for last.
        """
        known = self._settled.pop(batch, None) or _Settled(frozenset(), Identities.of(()))
        keys = frozenset(self.part_keys(batch))
        if not known.parts <= keys:  # somebody deleted a part
            known = _Settled(frozenset(), Identities.of(()))
        fresh = sorted(keys - known.parts)
        with ThreadPoolExecutor(_READERS) as pool:
            found = [*pool.map(lambda key: self._identities(key, _ALL), fresh)]
        identities = Identities(np.concatenate([known.identities.members, *found]))
        self._settled[batch] = _Settled(keys, identities)
        while sum(len(each.identities) for each in self._settled.values()) > _REMEMBERED:
            self._settled.popitem(last=False)
        return identities

    def scored(self, batch: str) -> Identities:
        """Return the object versions of a batch that have a digit."""
        with ThreadPoolExecutor(_READERS) as pool:
            keys = self.part_keys(batch)
            found = [*pool.map(lambda key: self._identities(key, (Outcome.SCORED,)), keys)]
        return Identities(np.concatenate([Identities.of(()).members, *found]))

    def _identities(self, key: str, outcomes: tuple[Outcome, ...]) -> IdentityArray:
        rows = self._table(key, self._bucket.fetch(key), ["identity", "outcome"])
        return identity_column(rows.filter(pc.is_in(rows["outcome"], pa.array(map(str, outcomes)))))

    def parts(
        self, batch: str, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[PartRecord, pa.Table]]:
        """Read every part of a batch from the store, one by one, with the digest of its bytes.

        Raises:
            IntegrityError: If one is not the Parquet file it should be.
        """
        for key in self.part_keys(batch):
            content = self._bucket.fetch(key)
            table = self._table(key, content, columns)
            part = PartRecord(
                key=key, sha256=hashlib.sha256(content).hexdigest(), rows=table.num_rows
            )
            yield part, table

    def _table(self, key: str, content: bytes, columns: Sequence[str] | None) -> pa.Table:
        try:
            return from_parquet(content, columns)
        except pa.ArrowException as error:
            raise IntegrityError(
                f"Part {key} of bucket {self._bucket.name!r} cannot be read ({error}); restore it "
                "from a backup, or delete it and let the next sweep score its images again."
            ) from error

    def rows(self, batch: str) -> pa.Table:
        """Return the rows of a batch, exactly one for each object version.

        Raises:
            IntegrityError: If a part is not the Parquet file it should be.
        """
        with ThreadPoolExecutor(_READERS) as pool:
            tables = pool.map(
                lambda key: self._table(key, self._bucket.fetch(key), None), self.part_keys(batch)
            )
            return one_row_each(tables)

    def write_receipt(self, receipt: Receipt) -> bool:
        """Record a receipt; False if this run wrote one before."""
        key = receipt_key(receipt.batch, receipt.run.name)
        return self._bucket.create(key, receipt.model_dump_json(indent=2).encode()) is not None

    def receipts(self, batch: str) -> list[Receipt]:
        """Read the receipts of a batch, the oldest first."""
        pages = self._bucket.versions(receipts_prefix(batch))
        contents = [self._bucket.fetch(version.key) for page in pages for version in page]
        receipts = [Receipt.model_validate_json(content) for content in contents]
        return sorted(receipts, key=lambda receipt: receipt.run.finished_at)

    def latest_receipts(self) -> LatestReceipts:
        """Read the newest receipt of every batch.

        Receipts never change, so each is fetched once in the life of this object.
        """
        keys = [version.key for page in self._bucket.versions("receipts/") for version in page]
        missing = [key for key in keys if key not in self._receipts]
        with ThreadPoolExecutor(_READERS) as pool:
            for key, content in zip(missing, pool.map(self._bucket.fetch, missing), strict=True):
                self._receipts[key] = _receipt(content)
        found = {key: self._receipts[key] for key in keys}
        readable = [receipt for receipt in found.values() if receipt is not None]
        readable.sort(key=lambda receipt: receipt.run.finished_at)
        return LatestReceipts(
            by_batch={receipt.batch: receipt for receipt in readable},
            unreadable=[key for key, receipt in found.items() if receipt is None],
        )


def _receipt(content: bytes) -> Receipt | None:
    try:
        return Receipt.model_validate_json(content)
    except ValidationError:
        return None
