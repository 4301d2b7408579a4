"""Findings as a table for machines and as Markdown for people."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

import pyarrow as pa

from mnist import markdown
from mnist.monitoring.drift import Drift, DriftComparison, Verdict

WHOLE_DAY = ""
"""Scope of the day as a whole, where others are names of batches."""

FINDINGS = pa.schema(
    [
        pa.field("day", pa.date32(), nullable=False),
        pa.field("batch", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("reference_rows", pa.int64(), nullable=False),
        pa.field("measure", pa.string()),
        pa.field("speaks_of", pa.string()),
        pa.field("then", pa.float64()),
        pa.field("now", pa.float64()),
        pa.field("stability", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("distance", pa.float64()),
        pa.field("has_moved", pa.bool_()),
        pa.field("shares", pa.list_(pa.float64())),
        pa.field("causes", pa.list_(pa.string())),
    ]
)
"""One row per day, batch and measure; the batch is empty for the day as a whole. A comparison
without any measure has one row, with null where a measure would be."""


def as_table(day: date, comparisons: Mapping[str, DriftComparison]) -> pa.Table:
    """Put comparisons, by name of the batch, into one table as `FINDINGS` has it."""
    records = []
    for batch, comparison in comparisons.items():
        base = {
            "day": day,
            "batch": batch,
            "verdict": str(comparison.verdict),
            "rows": comparison.rows,
            "reference_rows": comparison.reference_rows,
            "causes": [str(cause) for cause in comparison.causes],
            "shares": None if comparison.shares is None else comparison.shares.tolist(),
        }
        records += [base | _record(drift) for drift in comparison.drifts] or [base]
    return pa.Table.from_pylist(records, schema=FINDINGS)


def verdict_of_day(report: pa.Table) -> tuple[date, Verdict]:
    """Return which day a report is about, and the verdict on the whole day."""
    row = next(row for row in report.to_pylist() if row["batch"] == WHOLE_DAY)
    return row["day"], Verdict(row["verdict"])


def as_markdown(day: date, comparisons: Mapping[str, DriftComparison]) -> str:
    """Write comparisons, by name of the batch, for people."""
    whole = comparisons[WHOLE_DAY]
    lines = [
        f"# {day}: {whole.verdict}",
        "",
        whole.verdict.sentence,
        *([""] if whole.causes else []),
        *(f"- **{cause}**: {cause.sentence}" for cause in whole.causes),
        "",
        f"{whole.rows:,} rows beside {whole.reference_rows:,} of the reference.",
    ]
    if whole.drifts:
        head = ("measure", "speaks of", "reference", "day", "stability index", "p", "moved")
        lines += ["", markdown.table(head, map(_cells, whole.drifts))]
    if whole.shares is not None and whole.reference_shares is not None:
        pairs = zip(whole.reference_shares, whole.shares, strict=True)
        rows = [(d, f"{old:.1%}", f"{new:.1%}") for d, (old, new) in enumerate(pairs)]
        lines += ["", markdown.table(("digit", "reference", "day"), rows)]
    changed = {
        batch: (comparison.verdict, ", ".join(comparison.causes))
        for batch, comparison in comparisons.items()
        if batch != WHOLE_DAY and comparison.verdict not in {Verdict.STEADY, Verdict.TOO_FEW}
    }
    if changed:
        lines += [
            "",
            markdown.table(
                ("batch", "verdict", "causes"),
                [(batch, *findings) for batch, findings in changed.items()],
            ),
        ]
    return "\n".join(lines) + "\n"


def _record(drift: Drift) -> dict[str, object]:
    names = {"measure": drift.measure.name, "speaks_of": str(drift.measure.speaks_of)}
    return asdict(drift) | names


def _cells(drift: Drift) -> tuple[str, ...]:
    return (
        drift.measure.name,
        drift.measure.speaks_of,
        f"{drift.then:.4g}",
        f"{drift.now:.4g}",
        f"{drift.stability:.3f}",
        f"{drift.p_value:.2g}",
        "**yes**" if drift.has_moved else "no",
    )
