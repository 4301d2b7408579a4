"""Looking back on a day: its rows beside the reference, as a whole and batch by batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mnist.monitoring.drift import DriftComparison, Limits, Verdict, compare
from mnist.monitoring.expected_accuracy import ExpectedAccuracy, expected_accuracy
from mnist.monitoring.measures import COLUMNS
from mnist.monitoring.report import WHOLE_DAY, as_markdown, as_table
from mnist.parts import Parts
from mnist.reviews.audits import audits_of, is_wrong
from mnist.scoring.identities import Identities, identity_column
from mnist.tables import ROWS, one_row_each

_REFERENCE_DAYS = 28
_REFERENCE_ROWS = 20_000
_LEAST_REFERENCE_ROWS = 500


@dataclass(frozen=True)
class Findings:
    """What a day came to.

    Attributes:
        day: Which, in UTC.
        by_batch: Comparison of each batch; of the whole day under the empty name.
        rows: The day's rows.
        accuracy: What their confidences promise, and what audits of them say.
    """

    day: date
    by_batch: Mapping[str, DriftComparison]
    rows: pa.Table
    accuracy: ExpectedAccuracy

    @property
    def verdict(self) -> Verdict:
        """What the day as a whole came to."""
        return self.by_batch[WHOLE_DAY].verdict

    @property
    def markdown(self) -> str:
        """The findings for people."""
        return f"{as_markdown(self.day, self.by_batch)}\n{self.accuracy.sentence}\n"


class Monitoring:
    """The steps of watching what comes in and goes out."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._results = parts.results
        self._log = parts.monitoring_log

    def rows(self, first: date, days: int) -> dict[str, pa.Table]:
        """Gather the rows scored in some days, by batch. Only batches with a receipt are read."""
        start = datetime.combine(first, time.min, UTC)
        end = start + timedelta(days=days)
        rows = {}
        for batch, receipt in self._results.latest_receipts().by_batch.items():
            if receipt.run.finished_at < start:
                continue
            table = _completed(one_row_each(t for _, t in self._results.parts(batch, COLUMNS)))
            scored_at = table["scored_at"]
            within = pc.and_(pc.greater_equal(scored_at, start), pc.less(scored_at, end))
            kept = table.filter(within)
            if kept.num_rows:
                rows[batch] = kept
        return rows

    def reference(self, day: date, *, renew: bool) -> pa.Table | None:
        """Return what days are compared with; make it of the four weeks before, if need be.

        Args:
            day: The day to be judged, which is not part of it.
            renew: Make a new one though there is one.

        Returns:
            Rows, or None while there are too few.
        """
        recorded = None if renew else self._log.reference()
        if recorded is not None:
            return recorded
        before = self.rows(day - timedelta(days=_REFERENCE_DAYS), _REFERENCE_DAYS)
        if sum(table.num_rows for table in before.values()) < _LEAST_REFERENCE_ROWS:
            return None
        rows = _sample(pa.concat_tables(before.values(), promote_options="default"))
        self._log.write_reference(day, rows)
        return self._log.reference()

    def compare(self, day: date, reference: pa.Table | None) -> Findings:
        """Hold a day and each of its batches against the reference."""
        by_batch = self.rows(day, 1)
        nothing = _completed(ROWS.empty_table())
        whole = pa.concat_tables([nothing, *by_batch.values()], promote_options="default")
        then = reference if reference is not None else whole.slice(0, 0)
        comparisons = {WHOLE_DAY: compare(then, whole, Limits())}
        for batch, rows in by_batch.items():
            comparisons[batch] = compare(then, rows, Limits())
        return Findings(day, comparisons, whole, self._accuracy(whole))

    def _accuracy(self, rows: pa.Table) -> ExpectedAccuracy:
        """Hold what the confidences of rows promise against the audits of these images."""
        scored = Identities(identity_column(rows))
        settings = self._parts.settings
        audits = audits_of(list(self._parts.reviews.recorded()), settings.reviews_needed)
        firsts = [
            (first.confidence, is_wrong(image, first.predicted))
            for image in audits.images
            for first in image.reviews[:1]
            if first.confidence is not None and first.read_as is not None
            if scored.has([version.identity for version in image.versions]).any()
        ]
        return expected_accuracy(
            np.asarray(rows["confidence"].cast(pa.float64()).fill_null(np.nan).to_numpy()),
            np.array([confidence for confidence, _ in firsts]),
            sum(not wrong for _, wrong in firsts),
        )

    def record(self, findings: Findings, run: str) -> str:
        """Write the findings as Parquet and return their key."""
        return self._log.write_report(findings.day, run, as_table(findings.day, findings.by_batch))

    def follow_champion(self, findings: Findings, reference: pa.Table | None) -> str | None:
        """Make a steady day that a new champion has scored the reference; return its key.

        Without this, confidence could never again be compared after a promotion.
        """
        if reference is None or findings.verdict is not Verdict.STEADY:
            return None
        models_then = set(reference["model_digest"].to_pylist())
        models_now = set(findings.rows["model_digest"].to_pylist())
        if findings.rows.num_rows < _LEAST_REFERENCE_ROWS or models_then & models_now:
            return None
        rows = _sample(findings.rows)
        return self._log.write_reference(findings.day + timedelta(days=1), rows)


def _completed(rows: pa.Table) -> pa.Table:
    """Add the columns that rows from before those existed lack, as nulls."""
    for name in COLUMNS:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, ROWS.field(name).type))
    return rows.select(COLUMNS)


def _sample(rows: pa.Table) -> pa.Table:
    """Take at most so many rows, the same ones each time."""
    if rows.num_rows <= _REFERENCE_ROWS:
        return rows
    chosen = np.random.default_rng(0).choice(rows.num_rows, _REFERENCE_ROWS, replace=False)
    return rows.take(np.sort(chosen))
