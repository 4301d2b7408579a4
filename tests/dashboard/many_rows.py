"""A batch as large as they come, made directly as parts: nobody waits for so many predictions."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from mnist.keys import ObjectVersion, identity
from mnist.scoring.receipts import RunRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.storage.results import Results
from mnist.tables import PROBABILITY_COLUMNS, ROWS


def write_batch(results: Results, batch: str, rows: int, per_part: int = 10_000) -> None:
    """Write the parts of a batch with so many rows, one in ten of them for review."""
    for start in range(0, rows, per_part):
        numbers = np.arange(start, min(start + per_part, rows))
        results.write_part(batch, f"chunk-{start}", _part(batch, numbers))


def write_receipt(results: Results, batch: str) -> None:
    """Close a batch as if all that it recorded had just been listed."""
    listing = ListingLog()
    rows = results.rows(batch)
    named = (rows[name].to_pylist() for name in ("key", "etag", "bytes"))
    listing.extend(ObjectVersion(*values) for values in zip(*named, strict=True))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    run = RunRecord(name="run-1", started_at=now, finished_at=now, rows_written=len(listing))
    limit = RejectLimit(rate=0, count=0)
    parts = results.parts(batch)
    results.write_receipt(
        write_up(batch, run, listing=listing, unsettled=[], parts=parts, limit=limit)
    )


def _part(batch: str, numbers: np.ndarray) -> pa.Table:
    n = len(numbers)
    digits = numbers % 10
    confidence = np.where(numbers % 10 == 3, 0.5, 0.99).astype(np.float32)
    probabilities = np.repeat(((1 - confidence) / 9)[:, None], 10, axis=1).astype(np.float32)
    probabilities[np.arange(n), digits] = confidence
    keys = [f"{batch}/{number:06d}.png" for number in numbers]
    columns = {
        "key": keys,
        "etag": ["e"] * n,
        "bytes": [300] * n,
        "identity": [identity(key, "e", 300) for key in keys],
        "sha256": [f"{number:064x}" for number in numbers],
        "outcome": ["scored"] * n,
        "digit": digits.astype(np.int8),
        "confidence": confidence,
        "margin": confidence - 0.01,
        **dict(zip(PROBABILITY_COLUMNS, probabilities.T, strict=True)),
        "warnings": [[]] * n,
        "accepted": confidence > 0.9,
        "model_name": ["digits"] * n,
        "model_version": ["3"] * n,
        "model_digest": ["d"] * n,
        "preprocessing_digest": ["p"] * n,
        "batch": [batch] * n,
        "chunk": ["c"] * n,
        "scored_at": [datetime(2026, 11, 20, tzinfo=UTC)] * n,
    }
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(n, field.type)
        for field in ROWS
    ]
    return pa.Table.from_arrays(arrays, schema=ROWS)
