"""Finding what should have happened and has not: receipts of batches, judged retrainings.

All of it is read from the store. So it is found as well by another process than the one that is at
fault, and after any restart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mnist.keys import LOOSE
from mnist.parts import Parts

BATCH_LATE = "batch.late"
DECISION_LATE = "decision.late"


@dataclass(frozen=True)
class Late:
    """Something that should have happened.

    Attributes:
        event: `BATCH_LATE` or `DECISION_LATE`.
        name: Of the batch, or of the model.
        since: When it began to wait.
        sentence: For people: what it is, since when, and what to do.
    """

    event: str
    name: str
    since: datetime
    sentence: str


class Lateness:
    """Looks for late batches and decisions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def find(self, now: datetime) -> list[Late]:
        """List what is late, batches first.

        Costs one listing of the inbox's top, and one of at most a thousand objects for each batch
        that has no receipt.

        Raises:
            Unavailable: If the store does not answer.
        """
        return [*self._batches(now), *self._decisions(now)]

    def _batches(self, now: datetime) -> Iterator[Late]:
        """Find batches without any receipt whose first images came too long ago."""
        settings = self._parts.settings
        limit = timedelta(minutes=settings.late_batch_minutes)
        inbox = self._parts.bucket(settings.inbox_bucket)
        received = self._parts.results.latest_receipts().by_batch
        for batch in self._parts.inbox.batches():
            if batch in received or batch == LOOSE:
                continue
            since = inbox.oldest(f"{batch}/")
            if since is None or now - since <= limit:
                continue
            has_begun = bool(self._parts.results.part_keys(batch))
            yield Late(
                BATCH_LATE,
                batch,
                since,
                f"Batch {batch} has waited for its receipt since {since:%Y-%m-%d %H:%M} UTC. "
                + (
                    "Some of it is scored: see the watcher's log for what holds it up."
                    if has_begun
                    else "Nothing of it is scored: see whether the watcher runs, and a champion is "
                    "there."
                ),
            )

    def _decisions(self, now: datetime) -> Iterator[Late]:
        """Find out whether the last retraining was judged too long ago; none at all is no news."""
        entries = self._parts.journal.entries()
        days = self._parts.settings.late_decision_days
        if entries and now - entries[-1].at > timedelta(days=days):
            last = entries[-1]
            yield Late(
                DECISION_LATE,
                last.model,
                last.at,
                f"No version of {last.model} has been judged since {last.at:%Y-%m-%d}, more than "
                f"{days:g} days ago: see whether retrainings are scheduled and end.",
            )
