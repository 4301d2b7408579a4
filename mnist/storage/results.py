"""Results of scoring: parts and receipts. Created once, never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
from pydantic import ValidationError

from mnist.keys import part_key, receipt_key, receipts_prefix, scores_prefix
from mnist.scoring.receipts import PartRecord, Receipt
from mnist.storage.bucket import Bucket
from mnist.tables import from_parquet, one_row_each, to_parquet

_READERS = 4


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
        self._settled: dict[str, frozenset[bytes]] = {}
        self._receipts: dict[str, Receipt | None] = {}

    def write_part(self, batch: str, chunk: str, table: pa.Table) -> bool:
        """Record the rows of a chunk; False if that chunk was recorded before."""
        return self._bucket.create(part_key(batch, chunk), to_parquet(table)) is not None

    def part_keys(self, batch: str) -> list[str]:
        """Name the parts of a batch, in order."""
        pages = self._bucket.versions(scores_prefix(batch))
        return [version.key for page in pages for version in page]

    def settled(self, batch: str) -> set[bytes]:
        """Return the identities of the object versions of a batch that have an outcome.

        Parts never change, so each is fetched once in the life of this object.
        """
        keys = self.part_keys(batch)
        missing = [key for key in keys if key not in self._settled]
        with ThreadPoolExecutor(_READERS) as pool:
            for key, content in zip(missing, pool.map(self._bucket.read, missing), strict=True):
                identities = from_parquet(content, ["identity"])["identity"].to_pylist()
                self._settled[key] = frozenset(identities)
        return set().union(*(self._settled[key] for key in keys))

    def parts(
        self, batch: str, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[PartRecord, pa.Table]]:
        """Read every part of a batch from the store, with the digest of its bytes."""
        for key in self.part_keys(batch):
            content = self._bucket.read(key)
            table = from_parquet(content, columns)
            part = PartRecord(
                key=key, sha256=hashlib.sha256(content).hexdigest(), rows=table.num_rows
            )
            yield part, table

    def rows(self, batch: str) -> pa.Table:
        """Return the rows of a batch, exactly one for each object version."""
        return one_row_each(table for _, table in self.parts(batch))

    def write_receipt(self, receipt: Receipt) -> bool:
        """Record a receipt; False if this run wrote one before."""
        key = receipt_key(receipt.batch, receipt.run.name)
        return self._bucket.create(key, receipt.model_dump_json(indent=2).encode()) is not None

    def receipts(self, batch: str) -> list[Receipt]:
        """Read the receipts of a batch, the oldest first."""
        pages = self._bucket.versions(receipts_prefix(batch))
        contents = [self._bucket.read(version.key) for page in pages for version in page]
        receipts = [Receipt.model_validate_json(content) for content in contents]
        return sorted(receipts, key=lambda receipt: receipt.run.finished_at)

    def latest_receipts(self) -> LatestReceipts:
        """Read the newest receipt of every batch.

        Receipts never change, so each is fetched once in the life of this object.
        """
        keys = [version.key for page in self._bucket.versions("receipts/") for version in page]
        missing = [key for key in keys if key not in self._receipts]
        with ThreadPoolExecutor(_READERS) as pool:
            for key, content in zip(missing, pool.map(self._bucket.read, missing), strict=True):
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
