"""Events that Prefect's automations act on, named `noun.past-participle`.

An event is a hint. What it says can be read from the store or the registry as well, and losing it,
or hearing it twice, changes nothing but how soon something happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.events import emit_event

if TYPE_CHECKING:
    from datetime import date

    from mnist.scoring.receipts import Receipt
    from mnist.storage.journal import JournalEntry

BATCH_DROPPED = "batch.dropped"
"""The store says that something was written into a batch."""

BATCH_SCORED = "batch.scored"
"""Every object seen so far has its row."""

BATCH_COMPLETED = "batch.completed"
"""A receipt was written, and it is good."""

BATCH_FAILED = "batch.failed"
"""A receipt was written, and it is not."""


DRIFTS = {
    "scanner-changed": "scanner.changed",
    "writing-changed": "writing.changed",
    "mix-changed": "mix.changed",
}
"""What `monitor` finds, and how it is announced."""


def batch_dropped(batch: str, objects: int) -> None:
    """Say that the store has announced objects of a batch."""
    _emit(BATCH_DROPPED, batch, {"batch": batch, "objects": objects})


def batch_scored(batch: str, rows: int) -> None:
    """Say that rows of a batch can be read."""
    _emit(BATCH_SCORED, batch, {"rows": rows})


def batch_closed(receipt: Receipt) -> None:
    """Say that a batch has its receipt, good or bad."""
    is_good = receipt.verdict == "complete"
    payload = {**receipt.summary(), "reason": receipt.verdict_reason}
    _emit(BATCH_COMPLETED if is_good else BATCH_FAILED, receipt.batch, payload)


def drifted(day: date, batch: str, verdict: str, rows: int) -> None:
    """Say that a day, or a batch of it, is not as the days before; nothing if all is well."""
    if verdict in DRIFTS:
        kind, name = ("batch", batch) if batch else ("day", day.isoformat())
        payload = {"day": day.isoformat(), "batch": batch, "rows": rows}
        resource = {
            "prefect.resource.id": f"mnist.{kind}.{name}",
            "prefect.resource.name": name,
            "mnist.scope": kind,
        }
        emit_event(event=DRIFTS[verdict], resource=resource, payload=payload)


def decided(entry: JournalEntry) -> None:
    """Say that a candidate became champion, or did not."""
    resource = {
        "prefect.resource.id": f"mnist.model.{entry.model}.{entry.to_version}",
        "prefect.resource.name": f"{entry.model} version {entry.to_version}",
    }
    payload = {
        "version": entry.to_version,
        "verdict": entry.verdict,
        "reasons": " ".join(entry.reasons),
        "evidence": entry.evidence_url,
    }
    kind = "promoted" if entry.moves else "refused"
    emit_event(event=f"candidate.{kind}", resource=resource, payload=payload)


def _emit(event: str, batch: str, payload: dict[str, str | int]) -> None:
    resource = {
        "prefect.resource.id": f"mnist.batch.{batch}",
        "prefect.resource.name": batch,
        "mnist.batch": batch,
    }
    emit_event(event=event, resource=resource, payload=payload)
