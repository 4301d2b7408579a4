"""All batches in one table, from the inbox and from receipts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from mnist.digits import Outcome
from mnist.scoring.receipts import Receipt
from mnist.storage.inbox import Inbox
from mnist.storage.results import Results
from mnist.storage.verifications import Verification, VerificationLog


class Status(StrEnum):
    """How far a batch has come."""

    EMPTY = "empty"
    WAITING = "waiting"
    IN_PROGRESS = "in progress"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"

    @property
    def sentence(self) -> str:
        """Say in one sentence what it means and what to do."""
        return _SENTENCES[self]


_SENTENCES = {
    Status.EMPTY: "The folder holds no image, so there is nothing to score; put some into it.",
    Status.WAITING: (
        "Nothing is recorded yet. The watcher picks new folders up within seconds; if this stays, "
        "look at the flow runs in Prefect."
    ),
    Status.IN_PROGRESS: (
        "Rows are being recorded and there is no receipt for them yet: a run is under way, or it "
        "ended early and the next sweep completes it."
    ),
    Status.COMPLETE: "Every image that was listed has exactly one outcome.",
    Status.INCOMPLETE: "Some images have no outcome yet; the next sweep scores them.",
    Status.FAILED: (
        "Every outcome is recorded, and more images were rejected than the limit allows: look at "
        "the reasons, mend the source and put the images there again."
    ),
}


BAD = frozenset({Status.FAILED, Status.INCOMPLETE})
"""What a person has to do something about."""

UNFINISHED = frozenset({Status.WAITING, Status.IN_PROGRESS})
"""What becomes complete by itself, or should."""


@dataclass(frozen=True)
class Batches:
    """Every batch there is.

    Attributes:
        table: One row per batch: those without a receipt, then the newest receipt first, empty
            folders last. Counts are missing where there is no receipt. Times are UTC.
        receipts: Name of the batch -> its newest receipt.
        unreadable: Keys of objects among the receipts that are none.
    """

    table: pd.DataFrame
    receipts: Mapping[str, Receipt]
    unreadable: Sequence[str]


class Proof(StrEnum):
    """Whether a receipt was held against the recorded rows, and whether it held."""

    HOLDS = "verified"
    BROKEN = "does not hold"
    NOT_YET = "not yet"


def all_batches(inbox: Inbox, results: Results, verifications: VerificationLog) -> Batches:
    """Gather every batch that was put into the inbox or scored."""
    latest = results.latest_receipts()
    without = sorted(set(inbox.batches()) - latest.by_batch.keys())
    unfinished = [
        {"batch": batch, "status": str(_unfinished(batch, inbox, results))} for batch in without
    ]
    verified = verifications.latest()
    newest = sorted(latest.by_batch.values(), key=lambda r: r.run.finished_at, reverse=True)
    records = [
        *(record for record in unfinished if record["status"] != Status.EMPTY),
        *(_closed(receipt, verified.get(receipt.batch)) for receipt in newest),
        *(record for record in unfinished if record["status"] == Status.EMPTY),
    ]
    return Batches(_frame(records), latest.by_batch, latest.unreadable)


def _closed(receipt: Receipt, verified: Verification | None) -> dict[str, Any]:
    scored = receipt.outcomes.get(Outcome.SCORED, 0)
    return {
        "batch": receipt.batch,
        "status": str(Status(receipt.verdict)),
        "listed": receipt.listing.count,
        "scored": scored,
        "rejected": receipt.outcomes.get(Outcome.REJECTED, 0),
        "empty": receipt.outcomes.get(Outcome.EMPTY, 0),
        "not_a_digit": receipt.outcomes.get(Outcome.NOT_A_DIGIT, 0),
        "accepted": receipt.accepted,
        "review": scored - receipt.accepted,
        "model": ", ".join(f"{model.name} {model.version}" for model in receipt.models),
        "per_second": _per_second(receipt),
        "finished_at": receipt.run.finished_at,
        "proof": str(_proof(receipt, verified)),
    }


def _proof(receipt: Receipt, verified: Verification | None) -> Proof:
    if verified is None or not verified.is_of(receipt):
        return Proof.NOT_YET
    return Proof.BROKEN if verified.problems else Proof.HOLDS


def _per_second(receipt: Receipt) -> float | None:
    seconds = (receipt.run.finished_at - receipt.run.started_at).total_seconds()
    return receipt.run.rows_written / seconds if receipt.run.rows_written and seconds else None


def _unfinished(batch: str, inbox: Inbox, results: Results) -> Status:
    if results.part_keys(batch):
        return Status.IN_PROGRESS
    return Status.WAITING if next(inbox.versions(batch), None) else Status.EMPTY


def _frame(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    counts = ("listed", "scored", "rejected", "empty", "not_a_digit", "accepted", "review")
    columns = ["batch", "status", *counts, "model", "per_second", "finished_at", "proof"]
    frame = pd.DataFrame(list(records), columns=columns)
    kinds = dict.fromkeys(counts, "Int64") | {
        "model": "string",
        "per_second": "Float64",
        "proof": "string",
    }
    times = pd.to_datetime(frame["finished_at"].astype(object), utc=True)
    return frame.astype(kinds).assign(finished_at=times.dt.tz_localize(None))
