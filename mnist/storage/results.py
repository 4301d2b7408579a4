"""Results of scoring: parts and receipts. Created once, never overwritten."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cachetools import LRUCache

from mnist.digits import Outcome
from mnist.errors import IntegrityError, InvalidBatch
from mnist.keys import RECEIPTS, part_key, receipt_key, receipts_prefix
from mnist.scoring.identities import Identities, IdentityArray, identity_column
from mnist.scoring.receipts import PartRecord, Receipt
from mnist.scoring.tally import TALLY_COLUMNS
from mnist.scoring.verification import find_problems
from mnist.signatures import find_chain_problems
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import ObjectLog
from mnist.storage.part_keys import PartKeys
from mnist.storage.signing import Signing
from mnist.tables import from_parquet, one_row_each, to_parquet

_READERS = 4

_DONE = (Outcome.SCORED, Outcome.EMPTY, Outcome.NOT_A_DIGIT)
_ALL = (*_DONE, Outcome.REJECTED)

_REMEMBERED = 2_000_000
"""Settled object versions kept in memory over all batches: 32 MB."""


@dataclass(frozen=True, eq=False)
class _Settled:
    """What the parts of a batch settle."""

    parts: frozenset[str]
    identities: Identities

    def __len__(self) -> int:
        return len(self.identities)


@dataclass(frozen=True)
class LatestReceipts:
    """The newest receipt of every batch that has one.

    Attributes:
        by_batch: Name of the batch -> its newest receipt.
        unreadable: Keys of objects that lie among the receipts and are none.
    """

    by_batch: dict[str, Receipt]
    unreadable: Sequence[str]


class Results:
    """The bucket of rows and receipts."""

    def __init__(self, bucket: Bucket, signing: Signing | None = None) -> None:
        self._bucket = bucket
        self._part_keys = PartKeys(bucket)
        self._signing = signing or Signing(bucket)
        self.receipt_log = ObjectLog.of_json(bucket, RECEIPTS, Receipt)
        self._settled: LRUCache[str, _Settled] = LRUCache(_REMEMBERED, getsizeof=_Settled.__len__)
        self._lock = Lock()

    def write_part(self, batch: str, chunk: str, table: pa.Table) -> bool:
        """Record the rows of a chunk; False if that chunk was recorded before."""
        return self._bucket.create(part_key(batch, chunk), to_parquet(table)) is not None

    def recorded(self, batch: str, chunk: str) -> Identities | None:
        """Return the object versions in the part of a chunk; None if it has no part yet.

        Raises:
            IntegrityError: If its part is not the Parquet file it should be.
        """
        for key in self._part_keys.of_chunk(batch, chunk):
            if self._bucket.exists(key):
                return Identities(identity_column(self.read_part(key, ["identity"])))
        return None

    def part_keys(self, batch: str) -> list[str]:
        """Name the parts of a batch, in order."""
        return self._part_keys.of(batch)

    def settled(self, batch: str) -> Identities:
        """Return the object versions of a batch that have an outcome.

        Parts never change, so each is read once while its batch is among those asked for last.
        """
        nothing = _Settled(frozenset(), Identities.of(()))
        with self._lock:
            before = self._settled.get(batch, nothing)
        keys = frozenset(self.part_keys(batch))
        if not before.parts <= keys:  # somebody deleted a part
            before = nothing
        new = self._identities(sorted(keys - before.parts), _ALL)
        settled = _Settled(keys, Identities(np.concatenate([before.identities.members, *new])))
        if len(settled) <= _REMEMBERED:
            with self._lock:
                self._settled[batch] = settled
        return settled.identities

    def begun_by(self, batch: str) -> str | None:
        """Return the version that has scored what no receipt of a batch covers; None if nothing."""
        keys = self.part_keys(batch)
        if not keys:
            return None
        covered = {part.key for receipt in self.receipts(batch) for part in receipt.parts}
        for key in keys:
            if key not in covered:
                versions = self.read_part(key, ["model_version"])["model_version"].drop_null()
                if len(versions):
                    return str(versions[0].as_py())
        return None

    def scored_since(self, version: str, since: datetime) -> int:
        """Count what a model version predicted in batches whose receipt was written since then."""
        return sum(
            receipt.predicted_by(version)
            for receipt in self.latest_receipts().by_batch.values()
            if receipt.run.finished_at >= since
        )

    def scored(self, batch: str) -> Identities:
        """Return the object versions of a batch that were not rejected."""
        new = self._identities(self.part_keys(batch), _DONE)
        return Identities(np.concatenate([Identities.of(()).members, *new]))

    def _identities(
        self, keys: Sequence[str], outcomes: tuple[Outcome, ...]
    ) -> list[IdentityArray]:
        """Return the identities of the rows with these outcomes, part by part."""
        values = pa.array(map(str, outcomes))

        def identities(key: str) -> IdentityArray:
            rows = self.read_part(key, ["identity", "outcome"])
            return identity_column(rows.filter(pc.is_in(rows["outcome"], values)))

        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(identities, keys))

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

    def read_part(self, key: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one part, or only some of its columns; those it lacks are left out.

        Raises:
            ObjectGone: If there is none of that key.
            IntegrityError: If it is not the Parquet file it should be.
        """
        return self._table(key, self._bucket.fetch(key), columns)

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
            return one_row_each(pool.map(self.read_part, self.part_keys(batch)))

    def write_receipt(self, receipt: Receipt) -> bool:
        """Record a receipt, signed if there is a key; False if this run wrote one before."""
        key = receipt_key(receipt.batch, receipt.run.name)

        def before() -> str | None:
            others = self._receipts_by_key(receipt.batch)
            return next((other for other in reversed(others) if other != key), None)

        return self.receipt_log.create(key, self._signing.content(key, receipt, before))

    def receipts(self, batch: str) -> list[Receipt]:
        """Return the receipts of a batch, the oldest first."""
        return [*self._receipts_by_key(batch).values()]

    def _receipts_by_key(self, batch: str) -> dict[str, Receipt]:
        receipts = self.receipt_log.entries(receipts_prefix(batch)).by_key
        return dict(sorted(receipts.items(), key=lambda item: item[1].run.finished_at))

    def last_receipt(self, batch: str) -> Receipt:
        """Return the newest receipt of a batch.

        Raises:
            InvalidBatch: If the batch has none.
        """
        receipts = self.receipts(batch)
        if not receipts:
            raise InvalidBatch(f"Batch {batch!r} has no receipt yet; score it first.")
        return receipts[-1]

    def verify(self, batch: str) -> tuple[Receipt, tuple[str, ...]]:
        """Hold the last receipt of a batch against its parts; return what does not fit.

        Raises:
            InvalidBatch: If the batch has no receipt.
            IntegrityError: If a part is no Parquet file any more.
        """
        receipt = self.last_receipt(batch)
        return receipt, self.problems(receipt)

    def problems(self, receipt: Receipt) -> tuple[str, ...]:
        """Say what does not fit in a receipt, in its parts, and in the receipts before it.

        Raises:
            IntegrityError: If a part is no Parquet file any more.
        """
        records = [
            self._signing.look(key, other.run.finished_at)
            for key, other in self._receipts_by_key(receipt.batch).items()
        ]
        in_receipts = find_chain_problems(records, self._signing.trust())
        return (*in_receipts, *find_problems(receipt, self.parts(receipt.batch, TALLY_COLUMNS)))

    def signer(self, receipt: Receipt) -> str:
        """Say for people whether a receipt is signed, and by whom."""
        key = receipt_key(receipt.batch, receipt.run.name)
        return self._signing.look(key, receipt.run.finished_at).signer

    def latest_receipts(self) -> LatestReceipts:
        """Return the newest receipt of every batch."""
        receipts = self.receipt_log.entries()
        ordered = sorted(receipts, key=lambda receipt: receipt.run.finished_at)
        return LatestReceipts({receipt.batch: receipt for receipt in ordered}, receipts.unreadable)
