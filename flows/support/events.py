"""Events that Prefect's automations act on, named `noun.past-participle`.

An event is a hint. What it says can be read from the store or the registry as well, and losing it,
or hearing it twice, changes nothing but how soon something happens.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect.events import emit_event

from mnist import services
from mnist.canary import CANARY_PASSED
from mnist.errors import MnistError
from mnist.operations.completion_message import completion_message
from mnist.storage.journal import CANARY, CANARY_ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mnist.monitoring.drift import DriftComparison
    from mnist.operations.lateness import Late
    from mnist.scoring.receipts import Receipt
    from mnist.storage.acceptance import AcceptanceEntry
    from mnist.storage.journal import JournalEntry

BATCH_DROPPED = "batch.dropped"
"""The store says that something was written into a batch."""

BATCH_SCORED = "batch.scored"
"""Every object seen so far has its row."""

CANARY_STARTED = "canary.started"
CANARY_SCORED = "canary.scored"
CANARY_PASSES = "canary.passed"
CANARY_ENDS = "canary.ended"
"""What becomes of a version on canary; `canary.scored` means a receipt with predictions of it."""

_OF_CANARIES = {CANARY: CANARY_STARTED, CANARY_ENDED: CANARY_ENDS}

DRIFTS = {
    "scanner-changed": "scanner.changed",
    "writing-changed": "writing.changed",
    "mix-changed": "mix.changed",
}
"""What `monitor` finds, and how it is announced."""


def batch_dropped(batch: str, objects: int) -> None:
    """Say that the store has announced objects of a batch."""
    _emit_batch(BATCH_DROPPED, batch, {"batch": batch, "objects": objects})


def batch_scored(batch: str, rows: int) -> None:
    """Say that rows of a batch can be read."""
    _emit_batch(BATCH_SCORED, batch, {"rows": rows})


def batch_closed(receipt: Receipt) -> None:
    """Say that a batch has its receipt, good or bad.

    The watcher sees to it that this arrives, and that programs are told (`mnist.operations.
    delivering`).
    """
    message = completion_message(receipt, services.current())
    emit_event(
        event=message.type, resource=message.resource, payload=message.data, id=message.event_id
    )
    services.current().delivering.expect(receipt)
    with suppress(MnistError):
        _canary_scored(receipt)


def _canary_scored(receipt: Receipt) -> None:
    """Say that there is more to judge the canary by, if that has scored this batch."""
    canary = services.current().journal.canary()
    if canary is not None and canary.to_version in {model.version for model in receipt.models}:
        payload = {"version": canary.to_version, "batch": receipt.batch}
        resource = f"model.{canary.model}.{canary.to_version}"
        _emit(CANARY_SCORED, resource, f"{canary.model} version {canary.to_version}", payload)


def drifted(day: date, batch: str, comparison: DriftComparison) -> None:
    """Say that a day, or a batch of it, is not as the days before; nothing if all is well."""
    verdict = str(comparison.verdict)
    if verdict in DRIFTS:
        kind, name = ("batch", batch) if batch else ("day", day.isoformat())
        payload = {
            "day": day.isoformat(),
            "batch": batch,
            "rows": comparison.rows,
            "causes": ", ".join(comparison.causes),
        }
        _emit(DRIFTS[verdict], f"{kind}.{name}", name, payload, scope=kind)


def decided(entry: JournalEntry) -> None:
    """Say that a candidate became champion, or did not."""
    payload = {
        "version": entry.to_version,
        "verdict": entry.verdict,
        "reasons": " ".join(entry.reasons),
        "evidence": entry.evidence_url,
    }
    kind = "promoted" if entry.moves else entry.action
    resource = f"model.{entry.model}.{entry.to_version}"
    name = f"{entry.model} version {entry.to_version}"
    if entry.verdict == CANARY_PASSED:
        _emit(CANARY_PASSES, resource, name, payload)
    _emit(_OF_CANARIES.get(entry.action, f"candidate.{kind}"), resource, name, payload)


def late(what: Late, day: date) -> None:
    """Say that something should have happened and has not; the same things once on a day."""
    event = uuid5(NAMESPACE_URL, f"{what.event} {day} {what.names}")
    prefect = services.current().prefect
    if prefect.page_url is not None and prefect.has_event(event):
        return
    kind = what.event.partition(".")[0]
    payload = {"since": what.since.isoformat(), "sentence": what.sentence}
    _emit(what.event, f"{kind}.{what.names[0]}", what.names[0], payload, event)


def acceptance_broken(entry: AcceptanceEntry, broken: Sequence[str]) -> None:
    """Say that audits showed more wrong among accepted predictions than is promised."""
    _emit_acceptance("acceptance.broken", entry, broken)


def acceptance_renewed(entry: AcceptanceEntry) -> None:
    """Say that other thresholds of acceptance hold from now on."""
    _emit_acceptance("acceptance.renewed", entry, entry.reasons)


def _emit_acceptance(event: str, entry: AcceptanceEntry, reasons: Sequence[str]) -> None:
    payload = {
        "entry": entry.sequence,
        "version": entry.version,
        "reasons": " ".join(reasons),
        "thresholds": {one.source or "all": one.threshold for one in entry.thresholds},
        "value_thresholds": {one.source or "all": one.threshold for one in entry.value_thresholds},
    }
    name = f"{entry.model} version {entry.version}"
    _emit(event, f"model.{entry.model}.{entry.version}", name, payload)


def _emit_batch(event: str, batch: str, payload: Mapping[str, object]) -> None:
    _emit(event, f"batch.{batch}", batch, payload, batch=batch)


def _emit(
    event: str,
    resource: str,
    name: str,
    payload: Mapping[str, object],
    identifier: UUID | None = None,
    **labels: str,
) -> None:
    named = {"prefect.resource.id": f"mnist.{resource}", "prefect.resource.name": name}
    labelled = {f"mnist.{label}": value for label, value in labels.items()}
    emit_event(event=event, resource=named | labelled, payload=dict(payload), id=identifier)
