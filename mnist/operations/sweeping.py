"""Finding the batches that have unrecorded images, without listing the whole inbox every time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mnist.storage.inbox import Inbox
from mnist.storage.results import Results

_LONGEST_PAUSE_SECONDS = 60.0


@dataclass
class _Watch:
    """When a batch is looked at again."""

    pause_seconds: float
    due: float


class Sweeper:
    """Looks at the inbox again and again.

    A new folder is seen by the next sweep. A folder in which nothing happens is looked at less
    and less often, up to once a minute, so that a sweep costs about as much as there is news.

    Args:
        inbox: What people dropped.
        results: What has been recorded.
        pause_seconds: Pause before a quiet batch is looked at again, at first; it doubles.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        inbox: Inbox,
        results: Results,
        pause_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._results = results
        self._first_pause = pause_seconds
        self._clock = clock
        self._watches: dict[str, _Watch] = {}

    def pending(self) -> list[str]:
        """Name the batches that are due for a look and have images without an outcome.

        Raises:
            Unavailable: If the store does not answer.
            AccessDenied: If it refuses the credentials.
        """
        names = self._inbox.batches()
        self._watches = {name: self._watches.get(name, self._new()) for name in names}
        return [name for name in names if self._is_due(name) and self._look(name)]

    def put_off(self, batch: str) -> None:
        """Look at a batch later, because working on it did not succeed."""
        self._rest(batch)

    def _new(self) -> _Watch:
        return _Watch(self._first_pause, self._clock())

    def _is_due(self, batch: str) -> bool:
        return self._watches[batch].due <= self._clock()

    def _look(self, batch: str) -> bool:
        settled = self._results.settled(batch)
        for page in self._inbox.versions(batch):
            if any(version.identity not in settled for version in page):
                self._watches[batch] = self._new()
                return True
        self._rest(batch)
        return False

    def _rest(self, batch: str) -> None:
        watch = self._watches.setdefault(batch, self._new())
        watch.due = self._clock() + watch.pause_seconds
        watch.pause_seconds = min(2 * watch.pause_seconds, _LONGEST_PAUSE_SECONDS)
