"""Receipts: what was listed in a batch and what became of each object version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field

from mnist.digits import Outcome, Reason
from mnist.keys import ObjectVersion, identity, listing_digest


class Listing(BaseModel, frozen=True):
    """What the inbox held when the run looked."""

    count: int = Field(ge=0, description="object versions listed")
    bytes: int = Field(ge=0, description="their sizes added up")
    digest: str = Field(description="SHA-256 over their sorted identities")

    @classmethod
    def of(cls, versions: Iterable[ObjectVersion]) -> Listing:
        """Summarise a listing."""
        sizes: list[int] = []
        identities: list[bytes] = []
        for version in versions:
            sizes.append(version.size)
            identities.append(version.identity)
        return cls(count=len(sizes), bytes=sum(sizes), digest=listing_digest(identities))


class PartRecord(BaseModel, frozen=True):
    """One Parquet part of the batch."""

    key: str
    sha256: str
    rows: int


class ModelRecord(BaseModel, frozen=True):
    """One model that scored rows of the batch."""

    name: str
    version: str
    digest: str
    rows: int


class VersionRecord(BaseModel, frozen=True):
    """One object version that the parts alone do not explain."""

    key: str
    etag: str
    size: int
    outcome: Outcome

    @classmethod
    def of(cls, version: ObjectVersion, outcome: Outcome) -> VersionRecord:
        """Record an object version with its outcome."""
        return cls(key=version.key, etag=version.etag, size=version.size, outcome=outcome)


class RunRecord(BaseModel, frozen=True):
    """The run that makes the statement."""

    name: str
    started_at: datetime
    finished_at: datetime
    rows_written: int = Field(ge=0, description="rows this run wrote")


class Receipt(BaseModel, frozen=True):
    """The statement of one run about a whole batch: listed = scored + rejected + … , each once."""

    schema_version: Literal[1] = 1
    batch: str
    run: RunRecord
    listing: Listing
    outcomes: dict[Outcome, int] = Field(description="listed object versions by outcome")
    reasons: dict[str, int] = Field(description="rejected object versions by reason")
    missing: int = Field(ge=0, description="listed object versions without an outcome")
    accepted: int = Field(ge=0, description="scored rows that need no person's look")
    unsettled: list[VersionRecord] = Field(description="listed, then superseded or vanished")
    unlisted: list[VersionRecord] = Field(description="have a row, but were not listed any more")
    duplicate_rows: int = Field(ge=0, description="rows set aside because another one counts")
    parts: list[PartRecord]
    models: list[ModelRecord]
    preprocessing_digests: list[str]
    verdict: Literal["complete", "incomplete", "failed"]
    verdict_reason: str

    @property
    def is_balanced(self) -> bool:
        """Tell whether every listed object version has exactly one outcome."""
        return self.missing == 0 and self.listing.count == sum(self.outcomes.values())

    def summary(self) -> dict[str, str | int]:
        """Give the sums in one flat mapping."""
        return {
            "batch": self.batch,
            "verdict": self.verdict,
            "listed": self.listing.count,
            **{str(outcome): self.outcomes.get(outcome, 0) for outcome in Outcome},
            "missing": self.missing,
            "accepted": self.accepted,
        }

    def markdown(self) -> str:
        """Say the receipt for people."""
        outcomes = " + ".join(f"{count:,} {name}" for name, count in self.outcomes.items())
        lines = [
            f"# Batch {self.batch}: {self.verdict}",
            "",
            self.verdict_reason,
            "",
            f"**{self.listing.count:,} listed = {outcomes or '0'}**, {self.accepted:,} accepted "
            "without review",
            "",
            "| model | version | rows |",
            "|---|---|---|",
            *(f"| {m.name} | {m.version} | {m.rows:,} |" for m in self.models),
        ]
        if self.reasons:
            lines += ["", "| reason | images | what it means |", "|---|---|---|"]
            lines += [
                f"| {name} | {count:,} | {Reason(name).sentence} |"
                for name, count in self.reasons.items()
            ]
        return "\n".join([*lines, "", f"Listing digest `{self.listing.digest}`", ""])


class RejectLimit(BaseModel, frozen=True):
    """How many rejects a batch may have before it counts as failed."""

    rate: float = Field(ge=0, le=1)
    count: int = Field(ge=0)


def write_up(
    batch: str,
    run: RunRecord,
    *,
    listed: Iterable[ObjectVersion],
    unsettled: Sequence[VersionRecord],
    parts: Sequence[PartRecord],
    rows: pa.Table,
    limit: RejectLimit,
) -> Receipt:
    """Reconcile what was listed with the rows in the store.

    Args:
        batch: Name of the batch.
        run: The run that makes the statement.
        listed: Every object version the run listed.
        unsettled: Those of them that could not be read because they are no longer there.
        parts: The parts of the batch as they lie in the store.
        rows: Their rows, exactly one for each object version.
        limit: When the batch counts as failed.
    """
    by_identity = {version.identity: version for version in listed}
    is_listed = pa.array([i in by_identity for i in rows["identity"].to_pylist()], pa.bool_())
    counted = rows.filter(is_listed)
    settled = set(counted["identity"].to_pylist())
    gone = [v for v in unsettled if identity(v.key, v.etag, v.size) not in settled]
    outcomes = Counter(Outcome(name) for name in counted["outcome"].to_pylist())
    outcomes.update(version.outcome for version in gone)
    missing = len(by_identity) - sum(outcomes.values())
    verdict, reason = _verdict(len(by_identity), outcomes, missing, limit)
    return Receipt(
        batch=batch,
        run=run,
        listing=Listing.of(by_identity.values()),
        outcomes=dict(sorted(outcomes.items())),
        reasons=dict(sorted(Counter(r for r in counted["reason"].to_pylist() if r).items())),
        missing=missing,
        accepted=sum(counted["accepted"].to_pylist()),
        unsettled=gone,
        unlisted=_unlisted(rows.filter(pc.invert(is_listed))),
        duplicate_rows=sum(part.rows for part in parts) - rows.num_rows,
        parts=list(parts),
        models=_models(counted),
        preprocessing_digests=sorted(set(counted["preprocessing_digest"].to_pylist())),
        verdict=verdict,
        verdict_reason=reason,
    )


def _unlisted(rows: pa.Table) -> list[VersionRecord]:
    columns = ("key", "etag", "bytes", "outcome")
    return [
        VersionRecord(key=key, etag=etag, size=size, outcome=Outcome(outcome))
        for key, etag, size, outcome in zip(*(rows[c].to_pylist() for c in columns), strict=True)
    ]


def _verdict(
    listed: int, outcomes: Counter[Outcome], missing: int, limit: RejectLimit
) -> tuple[Literal["complete", "incomplete", "failed"], str]:
    rejected = outcomes[Outcome.REJECTED]
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


def _models(rows: pa.Table) -> list[ModelRecord]:
    columns = ("model_name", "model_version", "model_digest")
    counted = Counter(zip(*(rows[name].to_pylist() for name in columns), strict=True))
    return [
        ModelRecord(name=name, version=version, digest=digest, rows=count)
        for (name, version, digest), count in sorted(counted.items())
    ]
