"""Finding the batches that have unrecorded images, without listing the whole inbox every time.

`Sweeper.due` names batches, `Sweeper.look` says of one of them what is to be done now, and whoever
did it reports with `done`, `go_on`, `postpone` or `fail`. Different batches may be looked at by
different threads.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mnist.captured import CapturedFolder, is_filling
from mnist.parts import Parts
from mnist.scoring.completion import Completion, CompletionRule

_PATIENCE = 0.1
"""A batch that was quiet for t seconds is looked at again after a tenth of t."""

_LOOK_SHARE = 0.05
"""The most of the time that looks at one batch may take: listing a million objects takes long."""

_LONGEST_PAUSE_SECONDS = 3_600.0
_CAPTURED_PAUSE_SECONDS = 15.0
"""Nobody waits for the rows of captured images, and each look that finds some makes a part."""

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
        is_under_way: Whether somebody looks at it or works on it now.
        failures: How often working on it failed in a row.
        problem: What the last failure said.
        look_seconds: How long the last look took.
    """

    due: float
    last_news: float
    open_since: float | None = None
    digest: str = ""
    is_recorded: bool = False
    is_under_way: bool = False
    failures: int = 0
    problem: str = ""
    look_seconds: float = 0.0

    @property
    def is_old(self) -> bool:
        """Whether nothing is known to be new in it."""
        return bool(self.digest) and self.open_since is None


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be done with a batch.

    Attributes:
        batch: Its name.
        images: Object versions that lie in it.
        waiting: Those of them that have no outcome yet.
        close: Why it counts as complete once they have one; None if it does not.
    """

    batch: str
    images: int
    waiting: int
    close: Completion | None


class Sweeper:
    """Looks at the inbox again and again.

    A new folder is due at once. A folder in which nothing happens is looked at less and less often,
    so what a sweep costs depends on the news, not on the number of old batches.

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
            for name, watch in list(self._watches.items())
            if watch.open_since is not None and not watch.failures
        ]

    def due(self) -> list[str]:
        """Name the batches that want a look: new and open ones first, each kind by its age.

        Raises:
            Unavailable: If the store does not answer.
        """
        now = self._clock()
        names = self._inbox.batches()
        for name in names:
            self._watches.setdefault(name, _Watch(due=now, last_news=now))
        there = set(names)
        # A folder that is gone keeps its place until its images have their last outcome.
        self._watches = {
            name: watch
            for name, watch in self._watches.items()
            if name in there or watch.is_under_way or watch.open_since is not None
        }
        due = [(w.is_old, w.due, n) for n, w in self._watches.items() if self._is_due(w, now)]
        return [name for _, _, name in sorted(due)]

    def is_old(self, batch: str) -> bool:
        """Tell whether nothing is known to be new in a batch: a look at it can wait."""
        watch = self._watches.get(batch)
        return watch is not None and watch.is_old

    def begin(self, batch: str) -> bool:
        """Take a batch in hand, so that it is not due until somebody reports; False if it is."""
        watch = self._watches.get(batch)
        if watch is None or watch.is_under_way:
            return False
        watch.is_under_way = True
        return True

    def look(self, batch: str) -> Todo | None:
        """Look at a batch that was begun; say what to do with it, or None if that is nothing."""
        watch, started = self._watches[batch], self._clock()
        listed, is_ready = self._inbox.look(batch)
        watch.look_seconds = self._clock() - started
        is_new, is_first = listed.digest != watch.digest, not watch.digest
        waiting = 0
        if is_new or not watch.is_recorded:  # rows never disappear, so what had one still has it
            waiting = len(listed) - int(self._results.settled(batch).has(listed.members).sum())
        watch.digest, watch.is_recorded = listed.digest, not waiting
        if waiting and (is_new or watch.open_since is None):
            self._take_news(watch)
        elif is_new and not waiting and len(listed):
            self._compare_with_receipts(batch, watch, is_first=is_first)
        close = self._completion(batch, is_ready=is_ready)
        if waiting or close is not None:
            return Todo(batch, len(listed), waiting, close)
        self._rest(batch)
        return None

    def done(self, batch: str, *, closed: bool) -> None:
        """Take note that what was to be done is done.

        Args:
            batch: Its name.
            closed: Whether a receipt was written.
        """
        watch = self._watches[batch]
        if closed:
            watch.open_since = None
        watch.failures, watch.problem = 0, ""
        self._rest(batch)

    def go_on(self, batch: str) -> None:
        """Take note that work on a batch was interrupted and is to be taken up again at once."""
        self._put_off(self._watches[batch], 0)

    def postpone(self, batch: str) -> None:
        """Look at a batch later, because somebody else works on it."""
        self._put_off(self._watches[batch], self._pause)

    def fail(self, batch: str, problem: str, *, closed: bool = False) -> bool:
        """Look at a batch later, because working on it did not succeed; longer after each failure.

        Args:
            batch: Its name.
            problem: What happened.
            closed: Whether a receipt was written all the same.

        Returns:
            Whether this is news: the work succeeded before, or failed of something else.
        """
        watch = self._watches[batch]
        pause = min(self._pause * 2**watch.failures, _LONGEST_PUT_OFF_SECONDS)
        is_news = problem != watch.problem
        if closed:
            watch.open_since = None
        watch.failures, watch.problem = min(watch.failures + 1, 16), problem
        self._put_off(watch, pause)
        return is_news

    def expect(self, batch: str) -> None:
        """Look at a batch with the next sweep, because something is said to have happened.

        A folder of captured images keeps its pace: there something happens all the time.
        """
        if batch in self._watches and CapturedFolder.of(batch) is None:
            self._watches[batch].due = self._clock()

    def _is_due(self, watch: _Watch, now: float) -> bool:
        return watch.due <= now and not watch.is_under_way

    def _completion(self, batch: str, *, is_ready: bool) -> Completion | None:
        """Say why a batch counts as complete, as soon as what waits in it has its outcome."""
        watch = self._watches[batch]
        if watch.open_since is None:
            return None
        now = self._clock()
        quiet = now - watch.last_news if watch.is_recorded else 0
        return self._rule.verdict(
            quiet_seconds=-1 if is_filling(batch) else quiet,
            open_seconds=now - watch.open_since,
            is_ready=is_ready,
        )

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

    def _rest(self, batch: str) -> None:
        watch, now = self._watches[batch], self._clock()
        quiet = now - watch.last_news
        pause = max(self._pause, _PATIENCE * quiet)
        if watch.open_since is not None:
            settle = self._rule.settle_seconds
            pause = min(pause, max(self._pause, settle / 2))
            pause = min(pause, settle - quiet) if settle > quiet else self._pause
        if CapturedFolder.of(batch) is not None:
            pause = max(pause, _CAPTURED_PAUSE_SECONDS)
        pause = max(pause, watch.look_seconds / _LOOK_SHARE)
        self._put_off(watch, min(pause, _LONGEST_PAUSE_SECONDS))

    def _put_off(self, watch: _Watch, seconds: float) -> None:
        watch.due = self._clock() + seconds
        watch.is_under_way = False
