"""What the store's notifications wake: a queue that the watcher waits at."""

import threading
import time
from collections import Counter
from collections.abc import Iterable

from cachetools import FIFOCache

from mnist.keys import batch_of
from mnist.storage.notifications import Notice

_STILL_SECONDS = 0.2
"""A folder being filled sends one notice per object; work begins when they pause for so long."""

_LONGEST_SECONDS = 1.0
"""… or have come for so long."""

_REMEMBERED = 100_000


class NotificationQueue:
    """Collects notices from any thread; each counts once, however often it is delivered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_news = threading.Event()
        self._seen: FIFOCache[Notice, None] = FIFOCache(_REMEMBERED)
        self._objects: Counter[str] = Counter()
        self._last_notice_at = 0.0

    def put(self, notices: Iterable[Notice]) -> int:
        """Take notices; return how many of them were new."""
        with self._lock:
            new = list(dict.fromkeys(notice for notice in notices if notice not in self._seen))
            self._seen.update(dict.fromkeys(new))
            # A marker is news too: it says that its folder is complete.
            self._objects.update(batch_of(n.key) for n in new if not n.key.endswith("/"))
            self._last_notice_at = time.monotonic()
            if new:
                self._has_news.set()
        return len(new)

    def wake(self) -> None:
        """Let whoever waits go on."""
        self._has_news.set()

    def wait(self, seconds: float) -> Counter[str]:
        """Wait for notices, at most so long; return how many objects of which batches they name."""
        if self._has_news.wait(seconds):
            deadline = time.monotonic() + _LONGEST_SECONDS
            while (now := time.monotonic()) < min(self._last_notice_at + _STILL_SECONDS, deadline):
                time.sleep(min(self._last_notice_at + _STILL_SECONDS, deadline) - now)
        with self._lock:
            self._has_news.clear()
            objects, self._objects = self._objects, Counter()
        return objects
