"""Finding the batches that have unrecorded images, without listing the whole inbox every time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mnist.parts import Parts
from mnist.scoring.completion import Completion, CompletionRule

_PATIENCE = 0.1
"""A batch that was quiet for t seconds is looked at again after a tenth of t."""

_LONGEST_PAUSE_SECONDS = 3_600.0
_LONGEST_PUT_OFF_SECONDS = 60.0


@dataclass
class _Watch:
    """What the sweeper remembers of a batch; times are of its clock.

    Attributes:
        due: When it is looked at again.
        last_news: When something in it was last seen to be new.
        open_since: First news that no receipt knows of; None once a receipt covers everything.
        digest: Of the listing as the last look saw it; empty before the first look.
        is_recorded: Whether everything in it had its outcome.
        is_ready: Whether the last look saw a `_READY` marker.
        failures: How often working on it failed in a row.
    """

    due: float
    last_news: float
    open_since: float | None = None
    digest: str = ""
    is_recorded: bool = False
    is_ready: bool = False
    failures: int = 0


class Sweeper:
    """Looks at the inbox again and again.

    A new folder is seen by the next sweep. A folder in which nothing happens is looked at less
    and less often, and the looks of one sweep together take no longer than the pause between
    two, so a sweep costs about as much as there is news, however many old batches there are.

    Args:
        parts: Inbox and results; the settings say how often to look and what counts as complete.
        clock: Seconds that only grow.
    """

    def __init__(self, parts: Parts, clock: Callable[[], float] = time.monotonic) -> None:
        settings = parts.settings
        self._inbox = parts.inbox
        self._results = parts.results
        self._pause = settings.sweep_seconds
        self._rule = CompletionRule(settings.settle_seconds, settings.longest_open_seconds)
        self._clock = clock
        self._watches: dict[str, _Watch] = {}

    @property
    def open_batches(self) -> list[str]:
        """Name the batches that no receipt covers yet, unless working on them failed."""
        return [
            name
            for name, watch in self._watches.items()
            if watch.open_since is not None and not watch.failures
        ]

    def pending(self, *, whole: bool = False) -> list[str]:
        """Name the batches that are due for a look and have images without an outcome.

        Args:
            whole: Look at every batch, however long it takes.
        """
        now = self._clock()
        names = self._inbox.batches()
        self._watches = {n: self._watches.get(n) or _Watch(due=now, last_news=now) for n in names}
        due = [name for name in names if self._watches[name].due <= now]
        due.sort(key=lambda name: (bool(self._watches[name].digest), self._watches[name].due))
        pending: list[str] = []
        for name in due:
            is_new = not self._watches[name].digest
            if pending and not is_new and not whole:
                break  # what is new does not wait for a look at what is old
            if self._look(name):
                pending.append(name)
            if not whole and self._clock() - now > self._pause:
                break  # the others come first the next time
        return pending

    def complete(self) -> dict[str, Completion]:
        """Name the open batches that count as complete now, each with the reason."""
        now = self._clock()
        complete = {}
        for name, watch in self._watches.items():
            if watch.open_since is None or (watch.failures and watch.due > now):
                continue
            why = self._rule.verdict(
                quiet_seconds=now - watch.last_news if watch.is_recorded else 0,
                open_seconds=now - watch.open_since,
                is_ready=watch.is_ready and watch.is_recorded,
            )
            if why is not None:
                complete[name] = why
        return complete

    def is_ready(self, batch: str) -> bool:
        """Tell whether the last look at a batch saw its `_READY` marker."""
        return self._watches[batch].is_ready

    def expect(self, batch: str) -> None:
        """Look at a batch with the next sweep, because something is said to have happened."""
        if batch in self._watches:
            self._watches[batch].due = self._clock()

    def put_off(self, batch: str) -> None:
        """Look at a batch later, because working on it did not succeed."""
        watch = self._watches[batch]
        pause = min(self._pause * 2**watch.failures, _LONGEST_PUT_OFF_SECONDS)
        watch.failures = min(watch.failures + 1, 16)
        watch.due = self._clock() + pause

    def close(self, batch: str) -> None:
        """Take note that a receipt was written."""
        watch = self._watches[batch]
        watch.open_since, watch.failures = None, 0

    def _look(self, batch: str) -> bool:
        """Look at one batch; tell whether it has images without an outcome."""
        watch = self._watches[batch]
        listed, watch.is_ready = self._inbox.look(batch)
        digest = listed.digest
        is_new, is_first = digest != watch.digest, not watch.digest
        if is_new or not watch.is_recorded:  # rows never disappear, so what had one still has it
            watch.is_recorded = bool(self._results.settled(batch).has(listed.members).all())
        watch.digest, is_pending = digest, not watch.is_recorded
        if is_pending:
            if is_new or watch.open_since is None:
                self._take_news(watch)
            watch.due = self._clock()
            return True
        if is_new and len(listed):
            self._compare_with_receipts(batch, watch, is_first=is_first)
        watch.failures = 0
        self._rest(watch)
        return False

    def _compare_with_receipts(self, batch: str, watch: _Watch, *, is_first: bool) -> None:
        """Open a batch that has rows which no receipt knows of; deletions alone do not open one."""
        parts = set(self._results.part_keys(batch))
        covering = [r for r in self._results.receipts(batch) if parts <= {p.key for p in r.parts}]
        if not covering:
            self._take_news(watch)
            return
        watch.open_since = None
        if is_first:
            age = datetime.now(UTC) - covering[-1].run.finished_at
            watch.last_news = self._clock() - max(age.total_seconds(), 0)

    def _take_news(self, watch: _Watch) -> None:
        watch.last_news = self._clock()
        if watch.open_since is None:
            watch.open_since = watch.last_news

    def _rest(self, watch: _Watch) -> None:
        quiet = self._clock() - watch.last_news
        pause = max(self._pause, _PATIENCE * quiet)
        if watch.open_since is not None:
            pause = min(pause, max(self._pause, self._rule.settle_seconds / 2))
        watch.due = self._clock() + min(pause, _LONGEST_PAUSE_SECONDS)
