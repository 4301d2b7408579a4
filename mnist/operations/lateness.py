"""Finding what should have happened and has not: receipts of batches, judged retrainings.

All of it is read from the store. So it is found as well by another process than the one that is at
fault, and after any restart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mnist.canary import named
from mnist.keys import LOOSE, is_image_key
from mnist.parts import Parts

BATCH_LATE = "batch.late"
DECISION_LATE = "decision.late"


@dataclass(frozen=True)
class Late:
    """Something that should have happened.

    Attributes:
        event: `BATCH_LATE` or `DECISION_LATE`.
        names: Of the batches, the oldest first, or of the model.
        since: When the first of them began to wait.
        sentence: For people: what it is, since when, and what to do.
    """

    event: str
    names: tuple[str, ...]
    since: datetime
    sentence: str


class Lateness:
    """Looks for late batches and decisions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def find(self, now: datetime) -> list[Late]:
        """Say what is late, in one entry for all batches and one for decisions.

        Costs one listing of the inbox's top, and one of at most a thousand objects for each batch
        that has no receipt. What comes into a batch that has one is left to the sweep that lists
        the whole inbox each hour.

        Raises:
            Unavailable: If the store does not answer.
        """
        return [*self._batches(now), *self._decisions(now)]

    def _batches(self, now: datetime) -> Iterator[Late]:
        """Find batches without any receipt whose first images came too long ago."""
        latest = now - timedelta(minutes=self._parts.settings.late_batch_minutes)
        received = self._parts.results.latest_receipts().by_batch
        waiting = set(self._parts.inbox.batches()) - {*received, LOOSE}  # which has no prefix
        began = {batch: since for batch in waiting if (since := self._began(batch)) is not None}
        late = sorted((batch for batch in began if began[batch] < latest), key=began.__getitem__)
        if not late:
            return
        since, begun = began[late[0]], [b for b in late if self._parts.results.part_keys(b)]
        yield Late(
            BATCH_LATE,
            tuple(late),
            since,
            f"{len(late):,} batches wait for their receipts, the first since {since:%Y-%m-%d %H:%M}"
            f" UTC: {named(late)}. {len(begun):,} of them are scored in part. "
            "See whether the watcher runs and what its log says, and whether a champion is there.",
        )

    def _began(self, batch: str) -> datetime | None:
        """Say when the first image of a batch came; a layout or a marker may be much older."""
        inbox = self._parts.bucket(self._parts.settings.inbox_bucket)
        written = inbox.written(f"{batch}/")
        return min((at for key, at in written.items() if is_image_key(key)), default=None)

    def _decisions(self, now: datetime) -> Iterator[Late]:
        """Find out whether the last retraining was judged too long ago; none at all is no news."""
        entries = self._parts.journal.entries()
        days = self._parts.settings.late_decision_days
        if entries and now - entries[-1].at > timedelta(days=days):
            last = entries[-1]
            yield Late(
                DECISION_LATE,
                (last.model,),
                last.at,
                f"No version of {last.model} has been judged since {last.at:%Y-%m-%d}, more than "
                f"{days:g} days ago: see whether retrainings are scheduled and end.",
            )
