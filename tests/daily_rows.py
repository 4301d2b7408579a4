"""Rows as many writers and one scanner give them, for tests of monitoring."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from mnist.scoring.receipts import RunRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.storage.results import Results
from tests.factories import rows, version


def people(count: int, seed: int, **changes) -> pa.Table:
    """Make rows as one scanner and many writers give them, with some columns changed."""
    random = np.random.default_rng(seed)
    digits = random.integers(0, 10, count)
    if "shares" in changes:
        digits = random.choice(10, count, p=changes.pop("shares"))
    slant = changes.pop("slant", 0.0)
    others = np.exp(random.normal(0, 0.5, (count, 10)) + slant * np.linspace(-1, 1, 10))
    others[np.arange(count), digits] = 0
    probabilities = (0.018 * others / others.sum(axis=1, keepdims=True)).astype(np.float32)
    probabilities[np.arange(count), digits] = 0.982
    columns = {
        "width": np.full(count, 200, np.int32),
        "height": np.full(count, 300, np.int32),
        "brightness": random.normal(240, 4, count).astype(np.float32),
        "contrast": random.normal(200, 10, count).astype(np.float32),
        "sharpness": random.normal(0.6, 0.08, count).astype(np.float32),
        "coverage": random.normal(0.12, 0.02, count).astype(np.float32),
        "ood_score": random.normal(-10, 2, count).astype(np.float32),
        "ink": random.normal(0.13, 0.03, count).astype(np.float32),
        "confidence": random.beta(60, 1, count).astype(np.float32),
        "digit": digits.astype(np.int8),
        **{f"p{digit}": probabilities[:, digit] for digit in range(10)},
    }
    columns |= {name: values(columns.get(name)) for name, values in changes.items()}
    table = rows(*(version(f"b/{seed}/{i}.png") for i in range(count)))
    for name, values in columns.items():
        position = table.column_names.index(name)
        field = table.schema.field(name)
        table = table.set_column(position, field, pa.array(values, field.type))
    return table


def record(results: Results, batch: str, day: date, table: pa.Table) -> None:
    """Record rows as scored at noon of a day, with a receipt."""
    noon = datetime.combine(day, time(12), UTC)
    at = pa.array([noon] * table.num_rows, pa.timestamp("us", tz="UTC"))
    position = table.column_names.index("scored_at")
    table = table.set_column(position, table.schema.field("scored_at"), at)
    results.write_part(batch, f"{batch}-{day}", table)
    finished = noon + timedelta(minutes=1)
    run = RunRecord(name=f"{day}", started_at=noon, finished_at=finished, rows_written=0)
    receipt = write_up(
        batch,
        run,
        listing=ListingLog(),
        unsettled=[],
        parts=results.parts(batch),
        limit=RejectLimit(rate=1, count=9),
    )
    results.write_receipt(receipt)
