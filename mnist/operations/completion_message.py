"""What programs are told when a batch has its receipt: the same by webhook and by event."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist.keys import current_key, receipt_key
from mnist.storage.current import MEDIA_TYPES

if TYPE_CHECKING:
    from mnist.parts import Parts
    from mnist.scoring.receipts import Receipt

BATCH_COMPLETED = "batch.completed"
"""A receipt was written, and it is good."""

BATCH_FAILED = "batch.failed"
"""A receipt was written, and it is not."""


@dataclass(frozen=True)
class CompletionMessage:
    """The message about one receipt.

    Attributes:
        id: The same for the same receipt, whoever sends it and however often.
        type: BATCH_COMPLETED or BATCH_FAILED.
        at: When the receipt was written, ISO 8601.
        batch: Name of the batch.
        data: Sums, keys in the results bucket, and links.
    """

    id: str
    type: str
    at: str
    batch: str
    data: dict[str, Any]

    @property
    def body(self) -> str:
        """The message as Standard Webhooks wants it, in JSON."""
        return json.dumps({"type": self.type, "timestamp": self.at, "data": self.data})

    @property
    def event_id(self) -> uuid.UUID:
        """Identifier of the event, by which Prefect knows it again."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"mnist:{self.id}")

    @property
    def resource(self) -> dict[str, str]:
        """What the event is about, as Prefect names things."""
        return {
            "prefect.resource.id": f"mnist.batch.{self.batch}",
            "prefect.resource.name": self.batch,
            "mnist.batch": self.batch,
        }


def completion_message(receipt: Receipt, parts: Parts) -> CompletionMessage:
    """Write the message about a receipt.

    Args:
        receipt: What to tell.
        parts: For the names of bucket and pages.
    """
    batch, settings = receipt.batch, parts.settings
    key = receipt_key(batch, receipt.run.name)
    data = {
        **receipt.summary(),
        "reason": receipt.verdict_reason,
        "bucket": settings.results_bucket,
        "receipt": key,
        "current": {kind: current_key(batch, kind) for kind in MEDIA_TYPES},
        "links": _links(receipt, parts),
    }
    return CompletionMessage(
        id=f"msg_{hashlib.sha256(f'{settings.results_bucket}/{key}'.encode()).hexdigest()[:32]}",
        type=BATCH_COMPLETED if receipt.verdict == "complete" else BATCH_FAILED,
        at=receipt.run.finished_at.isoformat(),
        batch=batch,
        data=data,
    )


def _links(receipt: Receipt, parts: Parts) -> dict[str, str]:
    """Say where people look at the batch and at the run that closed it, as far as that is known."""
    links = {}
    page = parts.settings.dashboard_page("batches", batch=receipt.batch)
    if page is not None:
        links["batch"] = page
    run = receipt.run.flow_run or receipt.run.name
    address = parts.prefect.run_url(run)
    if address is not None and _is_flow_run(run):
        links["run"] = address
    return links


def _is_flow_run(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
