"""Reconciling what was listed with the rows that exist: how a receipt comes about."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, Field

from mnist.digits import Outcome
from mnist.ignored_files import Ignored
from mnist.keys import ObjectVersion
from mnist.scoring.identities import Identities, IdentityLog, identity_column
from mnist.scoring.receipts import (
    AcceptanceRecord,
    Listing,
    ModelRecord,
    PartRecord,
    Receipt,
    RunRecord,
    VersionRecord,
)
from mnist.scoring.stages import PartWork, ScoringWork
from mnist.scoring.tally import Counted, Tally


class RejectLimit(BaseModel, frozen=True):
    """How many rejects a batch may have before it counts as failed."""

    rate: float = Field(ge=0, le=1)
    count: int = Field(ge=0)


class ListingLog:
    """What a listing held, at 16 bytes for each object version.

    Attributes:
        ignored: How many files were left out because computers add them.
    """

    def __init__(self) -> None:
        self._identities = IdentityLog()
        self._replaced: set[bytes] = set()
        self._bytes = 0
        self.ignored = Ignored()

    def extend(self, versions: Iterable[ObjectVersion]) -> None:
        """Take in a page."""
        page = list(versions)
        self._identities.extend(version.identity for version in page)
        self._bytes += sum(version.size for version in page)

    def replace(self, versions: Iterable[ObjectVersion], others: Iterable[ObjectVersion]) -> None:
        """Put the pages of a file, or what is cut out of them, where the file was listed."""
        for version in versions:
            self._replaced.add(version.identity)
            self._bytes -= version.size
        self.extend(others)

    def __len__(self) -> int:
        return len(self._identities) - len(self._replaced)

    def identities(self) -> Identities:
        """Return the object versions listed."""
        return self._identities.as_set() - Identities.of(self._replaced)

    def summary(self) -> Listing:
        """Summarise for a receipt."""
        return Listing(count=len(self), bytes=self._bytes, digest=self.identities().digest)


def write_up(
    batch: str,
    run: RunRecord,
    *,
    listing: ListingLog,
    unsettled: Sequence[VersionRecord],
    parts: Iterable[tuple[PartRecord, pa.Table]],
    limit: RejectLimit,
    cpu_hour_price: float | None = None,
) -> Receipt:
    """Reconcile what was listed with the rows in the store.

    Args:
        batch: Name of the batch.
        run: The run that makes the statement.
        listing: Every object version the run listed.
        unsettled: Those of them that could not be fetched because they are no longer there.
        parts: The parts of the batch as they lie in the store, taken one after the other.
        limit: When the batch counts as failed.
        cpu_hour_price: What an hour of processor time costs, for the cost of 1,000 images.
    """
    listed = listing.identities()
    counting = Tally()
    records = []
    works: list[tuple[PartWork, int]] = []
    judged_by: set[AcceptanceRecord] = set()
    unlisted: dict[bytes, VersionRecord] = {}
    for part, rows in parts:
        records.append(part)
        work = PartWork.in_metadata(rows.schema.metadata)
        if work is not None:
            works.append((work, part.rows))
        if (record := AcceptanceRecord.in_metadata(rows.schema.metadata)) is not None:
            judged_by.add(record)
        counting.add(rows)
        for row in rows.filter(pa.array(~listed.has(identity_column(rows)))).to_pylist():
            _note_unlisted(unlisted, row)
    everything = counting.counted()
    counted = everything.within(listed)
    settled = Identities(counted.identities)
    gone = [v for v in unsettled if not settled.has([v.identity])[0]]
    outcomes = counted.by(lambda facts: facts.outcome)
    accepted = counted.by(lambda facts: facts.accepted)[True]
    share = accepted / outcomes[Outcome.SCORED] if outcomes[Outcome.SCORED] else 0.0
    review = 1 - share if outcomes[Outcome.SCORED] else 0.0
    outcomes.update(version.outcome for version in gone)
    missing = len(listed) - sum(outcomes.values())
    verdict, reason = _verdict(len(listed), outcomes, missing, limit)
    return Receipt(
        batch=batch,
        run=run,
        listing=listing.summary(),
        ignored=dict(sorted(listing.ignored.items())),
        outcomes={name: count for name, count in sorted(outcomes.items()) if count},
        reasons=_reasons(counted),
        missing=missing,
        accepted=accepted,
        accepted_share=share,
        review_share=review,
        unsettled=gone,
        unlisted=list(unlisted.values()),
        duplicate_rows=everything.rows - len(everything.identities),
        parts=records,
        models=_models(counted),
        preprocessing_digests=sorted(counted.by(lambda facts: facts.preprocessing_digest)),
        work=ScoringWork.of(works, cpu_hour_price),
        acceptance=sorted(judged_by, key=_acceptance_order),
        verdict=verdict,
        verdict_reason=reason,
    )


def _acceptance_order(record: AcceptanceRecord) -> tuple[int, float, float]:
    return record.entry, record.threshold, record.value_threshold or 0.0


def _note_unlisted(unlisted: dict[bytes, VersionRecord], row: dict[str, object]) -> None:
    record = VersionRecord.model_validate(row | {"size": row["bytes"]})
    earlier = unlisted.get(record.identity)
    if earlier is None or earlier.outcome == Outcome.REJECTED:
        unlisted[record.identity] = record


def _reasons(counted: Counted) -> dict[str, int]:
    counts = counted.by(lambda facts: facts.reason)
    return {name: count for name, count in sorted(counts.items(), key=str) if name}


def _verdict(
    listed: int, outcomes: Counter[Outcome], missing: int, limit: RejectLimit
) -> tuple[Literal["complete", "incomplete", "failed"], str]:
    rejected = outcomes[Outcome.REJECTED]
    if not listed:
        return "complete", (
            "Nothing lies in the folder any more: every image vanished, by deletion or renaming."
        )
    if missing:
        return "incomplete", f"{missing} of {listed} object versions have no outcome yet."
    if rejected and rejected == listed:
        return "failed", f"All {listed} images were rejected."
    if rejected > limit.count or rejected > limit.rate * listed:
        return "failed", (
            f"{rejected} of {listed} images were rejected; the limit is a share of "
            f"{limit.rate:g} and a count of {limit.count}."
        )
    return "complete", f"Each of {listed} object versions has exactly one outcome."


def _models(counted: Counted) -> list[ModelRecord]:
    models = counted.by(lambda f: (f.model_name, f.model_version, f.model_digest))
    return [
        ModelRecord(name=name, version=version, digest=digest, rows=count)
        for (name, version, digest), count in sorted(models.items())
    ]
