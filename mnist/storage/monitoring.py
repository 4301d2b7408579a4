"""Findings about days, and the rows that days are compared with. Created once, kept for good."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from mnist.keys import MONITORING, REFERENCES, monitoring_key, reference_key
from mnist.storage.bucket import Bucket
from mnist.tables import from_parquet, to_parquet


class MonitoringLog:
    """The folder `monitoring/` of the results bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def reference(self) -> pa.Table | None:
        """Read the newest reference, or None if there is none yet."""
        keys = self._keys(REFERENCES)
        return from_parquet(self._bucket.fetch(keys[-1])) if keys else None

    def write_reference(self, day: date, rows: pa.Table) -> str | None:
        """Record a reference; None if that day has one already."""
        key = reference_key(day)
        return key if self._bucket.create(key, to_parquet(rows)) is not None else None

    def write_report(self, day: date, run: str, report: pa.Table) -> str:
        """Record what a run found and return its key; a repeated run keeps its first finding."""
        key = monitoring_key(day, run)
        self._bucket.create(key, to_parquet(report))
        return key

    def latest_report(self) -> pa.Table | None:
        """Read the report of the latest day, or None if there is none yet."""
        keys = self._keys(MONITORING)
        return from_parquet(self._bucket.fetch(keys[-1])) if keys else None

    def _keys(self, prefix: str) -> list[str]:
        pages = self._bucket.versions(prefix)
        return sorted(version.key for page in pages for version in page)
