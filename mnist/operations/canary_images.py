"""What a version on canary has scored, and a sample of it to judge it by."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from mnist.digits import Outcome
from mnist.keys import ObjectVersion
from mnist.scoring.identities import identity_column
from mnist.storage.journal import JournalEntry
from mnist.storage.results import Results

_COLUMNS = (
    *("identity", "key", "etag", "bytes", "sha256", "digit"),
    *("model_version", "scored_at", "outcome"),
)


@dataclass(frozen=True)
class ScoredOnCanary:
    """What a canary has scored, as far as there are receipts.

    Attributes:
        images: How many.
        sample: Some of them, drawn at random, with the SHA-256 of their contents.
        batches: Where they lie.
    """

    images: int
    sample: list[tuple[ObjectVersion, str]]
    batches: tuple[str, ...]


def scored_on_canary(results: Results, canary: JournalEntry, most: int) -> ScoredOnCanary:
    """Find what a canary has scored, and draw some of it by digest: at random, and stable.

    Args:
        results: Rows and receipts.
        canary: The entry that began it.
        most: No larger sample is drawn.
    """
    drawn: dict[bytes, tuple[ObjectVersion, str]] = {}
    images, batches = 0, []
    for batch, receipt in results.latest_receipts().by_batch.items():
        is_recent = receipt.run.finished_at >= canary.at
        if not is_recent or canary.to_version not in {m.version for m in receipt.models}:
            continue
        batches.append(batch)
        for count, rows in _rows(results, batch, canary, most):
            images += count
            drawn |= rows
        drawn = dict(sorted(drawn.items())[:most])
    return ScoredOnCanary(images, list(drawn.values()), tuple(sorted(batches)))


def _rows(
    results: Results, batch: str, canary: JournalEntry, most: int
) -> Iterator[tuple[int, dict[bytes, tuple[ObjectVersion, str]]]]:
    """Yield for each part of a batch how many images the canary scored, and the first drawn."""
    for _, table in results.parts(batch, _COLUMNS):
        is_its = pc.and_(
            pc.equal(table["model_version"], canary.to_version),
            pc.greater_equal(table["scored_at"], canary.at),
        )
        # Calling digits none is a fault like any other, so those images are looked at as well.
        is_one = pc.or_(
            pc.is_valid(table["digit"]), pc.equal(table["outcome"], str(Outcome.NOT_A_DIGIT))
        )
        rows = table.filter(pc.and_(is_its, is_one))
        identities = identity_column(rows)
        order = np.argsort(identities)[:most]
        names = rows.take(order).select(["key", "etag", "bytes", "sha256"]).to_pylist()
        yield (
            rows.num_rows,
            {
                identities[place]: (
                    ObjectVersion(row["key"], row["etag"], row["bytes"]),
                    row["sha256"],
                )
                for place, row in zip(order.tolist(), names, strict=True)
            },
        )
