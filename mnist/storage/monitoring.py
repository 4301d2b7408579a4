"""Reports about days, and the rows that days are compared with. Created once, kept for good."""

from datetime import date

import pyarrow as pa

from mnist.keys import MONITORING, REFERENCES, monitoring_key, reference_key
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import ObjectLog
from mnist.tables import from_parquet, to_parquet


class MonitoringLog:
    """The folder `monitoring/` of the results bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.reports = ObjectLog(bucket, MONITORING, _table)
        self.references = ObjectLog(bucket, REFERENCES, _table)

    def reference(self) -> pa.Table | None:
        """Return the newest reference, or None if there is none yet."""
        return _newest(self.references)

    def write_reference(self, day: date, rows: pa.Table) -> str | None:
        """Record a reference; None if that day has one already."""
        key = reference_key(day)
        return key if self.references.create(key, to_parquet(rows)) else None

    def write_report(self, day: date, run: str, report: pa.Table) -> str:
        """Record what a run observed and return its key; a repeated run keeps its first report."""
        key = monitoring_key(day, run)
        self.reports.create(key, to_parquet(report))
        return key

    def latest_report(self) -> pa.Table | None:
        """Return the report of the latest day, or None if there is none yet."""
        return _newest(self.reports)


def _newest(log: ObjectLog[pa.Table]) -> pa.Table | None:
    """Return the newest entry that can be parsed."""
    entries = list(log.entries(last=1)) or list(log.entries())
    return entries[-1] if entries else None


def _table(_key: str, content: bytes) -> pa.Table:
    return from_parquet(content)
