"""The files under `current/`: what consumers read of a batch, as of its newest receipt."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import CSVWriter
from pyarrow.parquet import ParquetWriter

from mnist.errors import Unavailable
from mnist.keys import current_key, receipt_key
from mnist.scoring.current_rows import CURRENT_ROWS, current_rows
from mnist.scoring.receipts import Receipt
from mnist.spreadsheets import BYTE_ORDER_MARK, as_cells
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results

MEDIA_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
}
"""The kinds of file that there are of each batch."""

_MOST_TURNS = 5
"""So many times in a row others may be faster before they are left to it."""

_RECEIPT = "receipt"
"""User metadata of each file: the key of the receipt that it rests on."""


class CurrentRows:
    """The rows of batches that count now, as Parquet, CSV and JSON lines.

    Args:
        bucket: The results bucket.
        results: Receipts and parts in it.
        folder: Where files lie until they are uploaded; made if missing.
    """

    def __init__(self, bucket: Bucket, results: Results, folder: Path) -> None:
        self._bucket = bucket
        self._results = results
        self._folder = folder

    def refresh(self, batch: str) -> bool:
        """Bring the files of a batch to its newest receipt; False if they were there already.

        Afterwards it is looked once more whether they are what the newest receipt by then says. So
        the newest receipt has the last word, whoever else writes at the same time and however
        late.

        Raises:
            InvalidBatch: If the batch has no receipt.
            ObjectGone: If a part that the receipt names is missing.
            Unavailable: If the store does not answer, or the disk takes no more.
        """
        written: Receipt | None = None
        for _ in range(_MOST_TURNS):
            receipt = self._results.last_receipt(batch)
            if not self.is_behind(receipt, unless_unnamed=receipt == written):
                break
            try:
                self._write(receipt)
            except OSError as error:
                raise Unavailable(
                    f"The rows of batch {batch!r} could not be written to {self._folder} "
                    f"({error}); free some space there, or name another folder in MNIST_CACHE_DIR."
                ) from error
            written = receipt
        return written is not None

    def is_behind(self, receipt: Receipt, *, unless_unnamed: bool = False) -> bool:
        """Tell whether a file of a batch is missing or rests on another receipt.

        Args:
            receipt: The newest one.
            unless_unnamed: Whether files that name no receipt were just written: some stores and
                proxies keep no user metadata, and would have them written for ever.
        """
        expected = {receipt_key(receipt.batch, receipt.run.name)}
        keys = (current_key(receipt.batch, kind) for kind in MEDIA_TYPES)
        names = {(self._bucket.metadata(key) or {}).get(_RECEIPT) for key in keys}
        return bool(names - expected - ({None} if unless_unnamed else set()))

    def _write(self, receipt: Receipt) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            # Without a name, so that nothing is left of them if this process is killed.
            files: dict[str, IO[bytes]] = {
                kind: stack.enter_context(tempfile.TemporaryFile(dir=self._folder))
                for kind in MEDIA_TYPES
            }
            self._fill(receipt, files)
            metadata = {_RECEIPT: receipt_key(receipt.batch, receipt.run.name)}
            for kind, file in files.items():
                file.seek(0)
                key = current_key(receipt.batch, kind)
                self._bucket.upload(key, file, MEDIA_TYPES[kind], metadata)

    def _fill(self, receipt: Receipt, files: dict[str, IO[bytes]]) -> None:
        files["csv"].write(BYTE_ORDER_MARK)
        cells = as_cells(CURRENT_ROWS.empty_table()).schema
        with (
            ParquetWriter(files["parquet"], CURRENT_ROWS, compression="zstd") as parquet,
            CSVWriter(files["csv"], cells) as csv,
        ):
            for rows in current_rows(receipt, lambda columns: self._parts(receipt, columns)):
                parquet.write_table(rows)
                csv.write_table(as_cells(rows))
                files["jsonl"].write(_json_lines(rows))

    def _parts(self, receipt: Receipt, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        for part in receipt.parts:
            yield self._results.read_part(part.key, columns)


def _json_lines(rows: pa.Table) -> bytes:
    import pandas as pd  # noqa: PLC0415 -- 30 MB that only the watcher needs

    # Writing times takes pandas about as long as all other columns that have values.
    place = rows.column_names.index("scored_at")
    times = pc.strftime(rows["scored_at"], "%Y-%m-%dT%H:%M:%SZ")
    frame = rows.set_column(place, "scored_at", times).to_pandas(types_mapper=pd.ArrowDtype)
    text: str = frame.to_json(orient="records", lines=True, force_ascii=False)
    return text.encode()
