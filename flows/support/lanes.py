"""Threads for work of unknown length: what takes long keeps nothing else waiting."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_YOUNG = 4
_MOST = 64
_YOUNG_SECONDS = 1.0


class Lanes:
    """Runs a few pieces of work at once; one that takes longer than a second gives its place away.

    So a store that stalls, or an image that takes its decoder twenty seconds, occupies a thread
    that sleeps, and nothing that others need.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: dict[threading.Thread, float] = {}

    @property
    def has_room(self) -> bool:
        """Whether another piece of work may begin now."""
        with self._lock:
            now = time.monotonic()
            young = sum(now - started < _YOUNG_SECONDS for started in self._started.values())
            return young < _MOST_YOUNG and len(self._started) < _MOST

    def start(self, work: Callable[[], None], name: str) -> None:
        """Begin a piece of work in a thread of its own, in this context."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    del self._started[thread]

        context = copy_context()
        thread = threading.Thread(target=lambda: context.run(run), name=name, daemon=True)
        with self._lock:
            self._started[thread] = time.monotonic()
        thread.start()

    def wait(self) -> None:
        """Wait until all of it has ended, what begins meanwhile included."""
        while threads := self._threads():
            for thread in threads:
                thread.join()

    def _threads(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._started)
