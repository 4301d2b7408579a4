"""Findings as a table for machines and as Markdown for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from mnist.monitoring.drift import Comparison, Drift, Verdict

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
    ]
)
"""One row per day, batch and measure; the batch is empty for the day as a whole. A comparison
without any measure has one row, with null where a measure would be."""


def as_table(day: date, found: Mapping[str, Comparison]) -> pa.Table:
    """Spell out what was found, by name of the batch."""
    records = []
    for batch, comparison in found.items():
        base = {
            "day": day,
            "batch": batch,
            "verdict": str(comparison.verdict),
            "rows": comparison.rows,
            "reference_rows": comparison.reference_rows,
            "shares": None if comparison.shares is None else comparison.shares.tolist(),
        }
        records += [base | _record(drift) for drift in comparison.drifts] or [base]
    return pa.Table.from_pylist(records, schema=FINDINGS)


def verdict_of_day(report: pa.Table) -> tuple[date, Verdict]:
    """Read from a report which day it is about, and what the whole day came to."""
    row = next(row for row in report.to_pylist() if row["batch"] == WHOLE_DAY)
    return row["day"], Verdict(row["verdict"])


def as_markdown(day: date, found: Mapping[str, Comparison]) -> str:
    """Say what was found for people."""
    whole = found[WHOLE_DAY]
    lines = [
        f"# {day}: {whole.verdict}",
        "",
        whole.verdict.sentence,
        "",
        f"{whole.rows:,} rows beside {whole.reference_rows:,} of the reference.",
    ]
    if whole.drifts:
        lines += [
            "",
            "| measure | speaks of | reference | day | stability index | p | moved |",
            "|---|---|---|---|---|---|---|",
            *map(_line, whole.drifts),
        ]
    if whole.shares is not None and whole.reference_shares is not None:
        pairs = zip(whole.reference_shares, whole.shares, strict=True)
        lines += ["", "| digit | reference | day |", "|---|---|---|"]
        lines += [f"| {d} | {old:.1%} | {new:.1%} |" for d, (old, new) in enumerate(pairs)]
    odd = {
        batch: each.verdict
        for batch, each in found.items()
        if batch != WHOLE_DAY and each.verdict not in {Verdict.STEADY, Verdict.TOO_FEW}
    }
    if odd:
        lines += ["", "| batch | verdict |", "|---|---|"]
        lines += [f"| {batch} | {verdict} |" for batch, verdict in odd.items()]
    return "\n".join(lines) + "\n"


def _record(drift: Drift) -> dict[str, object]:
    return {
        "measure": drift.measure.name,
        "speaks_of": str(drift.measure.speaks_of),
        "then": drift.then,
        "now": drift.now,
        "stability": drift.stability,
        "p_value": drift.p_value,
        "distance": drift.distance,
        "has_moved": drift.has_moved,
    }


def _line(drift: Drift) -> str:
    moved = "**yes**" if drift.has_moved else "no"
    return (
        f"| {drift.measure.name} | {drift.measure.speaks_of} | {drift.then:.4g} | {drift.now:.4g} "
        f"| {drift.stability:.3f} | {drift.p_value:.2g} | {moved} |"
    )
