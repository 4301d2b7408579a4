"""What people see in Prefect: progress, receipts and decisions."""

from __future__ import annotations

import re
import time
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)

from mnist.receipts import Receipt
from mnist.registry.journal import JournalEntry

_UPDATE_SECONDS = 1.0


class Progress:
    """A progress bar in Prefect, moved at most once a second.

    Args:
        name: What is being worked on.
        total: Things to do.
        unit: What the things are.
    """

    def __init__(self, name: str, total: int, unit: str = "images") -> None:
        self._name = name
        self._total = total
        self._unit = unit
        self._done = 0
        self._started = self._shown = time.monotonic()
        self._artifact: UUID | None = None

    def advance(self, count: int) -> None:
        """Count things that are done."""
        self._done += count
        now = time.monotonic()
        if now - self._shown < _UPDATE_SECONDS and self._done < self._total:
            return
        self._shown = now
        percent = 100 * self._done / self._total
        rate = self._done / max(now - self._started, 1e-6)
        text = (
            f"{self._name}: {self._done:,} of {self._total:,} {self._unit}, "
            f"{rate:,.3g} per second, {(self._total - self._done) / max(rate, 1e-6):,.0f} s left"
        )
        if self._artifact is None:
            self._artifact = create_progress_artifact(percent, description=text)  # type: ignore[assignment]
        else:
            update_progress_artifact(self._artifact, percent, description=text)


def publish_receipt(receipt: Receipt) -> None:
    """Show a receipt with the flow run and as the batch's own artifact."""
    create_markdown_artifact(
        receipt.markdown(), key=key("receipt", receipt.batch), description=receipt.verdict_reason
    )


def publish_decision(entry: JournalEntry, report: str) -> None:
    """Show a promotion decision with the flow run."""
    create_markdown_artifact(
        f"{report}\n\n[Training run in MLflow]({entry.evidence_url})\n",
        key="promotion-decision",
        description=f"version {entry.to_version}: {entry.action} ({entry.verdict})",
    )


def key(kind: str, name: str) -> str:
    """Make an artifact key, which may hold lower-case letters, digits and dashes only."""
    return f"{kind}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"[:200].rstrip("-")
