"""Readings of another version, beside those that production made. Created once, never changed."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from mnist.keys import RESCORES, difference_key, rescore_prefix, segment
from mnist.spreadsheets import to_csv
from mnist.storage.bucket import Bucket
from mnist.tables import from_parquet, to_parquet


class Rescores:
    """The folder `rescores/` of the results bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def write_part(self, folder: str, batch: str, chunk: str, table: pa.Table) -> bool:
        """Record the rows of a chunk; False if that chunk was recorded before."""
        key = f"{rescore_prefix(folder, batch)}{chunk}.parquet"
        return self._bucket.create(key, to_parquet(table)) is not None

    def parts(
        self, folder: str, batch: str, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """Read the new rows of a batch, part by part."""
        for prefix in _prefixes(folder, batch):
            for page in self._bucket.versions(prefix):
                for version in page:
                    yield from_parquet(self._bucket.fetch(version.key), columns)

    def keys_of(self, batch: str) -> list[str]:
        """Name the parts of a batch that any version has scored again, in order."""
        keys = [version.key for page in self._bucket.versions(RESCORES) for version in page]
        places = (f"/batch={segment(batch)}/", rescore_prefix("", batch).removeprefix(RESCORES))
        return [key for key in keys if key.endswith(".parquet") and _place(key) in places]

    def read(self, keys: Sequence[str], columns: Sequence[str]) -> pa.Table | None:
        """Read some columns of parts; None if there is no part."""
        tables = [from_parquet(self._bucket.fetch(key), columns) for key in keys]
        return pa.concat_tables(tables, promote_options="default") if tables else None

    def write_difference(self, folder: str, name: str, table: pa.Table) -> tuple[str, str]:
        """Record a table as Parquet and as CSV, and return the two keys.

        The name stands for the content, so a file of that name is the same one and stays.
        """
        parquet, csv = (difference_key(folder, name, kind) for kind in ("parquet", "csv"))
        self._bucket.create(parquet, to_parquet(table))
        self._bucket.create(csv, to_csv(table))
        return parquet, csv


def _place(key: str) -> str:
    """Give what comes after the folder of a rescore: `/batch=NAME/`, or `/rows/NAME/`."""
    *_, above, last, _ = key.split("/")
    return f"/{above}/{last}/" if above == "rows" else f"/{last}/"


def _prefixes(folder: str, batch: str) -> tuple[str, str]:
    """Say where the parts of a batch lie: those that 0.1.0 wrote, and all others."""
    return f"{RESCORES}{folder}/batch={segment(batch)}/", rescore_prefix(folder, batch)
