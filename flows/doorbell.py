"""What the store's notifications ring, and what the watcher waits at."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

from mnist.keys import batch_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnist.storage.notifications import Notice

_STILL_SECONDS = 0.2
"""A folder being filled rings once for each object; work begins when it pauses for so long."""

_LONGEST_SECONDS = 1.0
"""… or rings for so long."""

_REMEMBERED = 100_000


class Doorbell:
    """Collects notices from any thread; each counts once, however often it is delivered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung = threading.Event()
        self._seen: OrderedDict[Notice, None] = OrderedDict()
        self._objects: Counter[str] = Counter()
        self._last_ring = 0.0

    def ring(self, notices: Iterable[Notice]) -> int:
        """Take notices; return how many of them were new."""
        with self._lock:
            new = list(dict.fromkeys(n for n in notices if n not in self._seen))
            self._seen.update(dict.fromkeys(new))
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            # A marker is news too: it says that its folder is complete.
            self._objects.update(batch_of(n.key) for n in new if not n.key.endswith("/"))
            self._last_ring = time.monotonic()
            if new:
                self._rung.set()
        return len(new)

    def wake(self) -> None:
        """Let whoever waits go on."""
        self._rung.set()

    def wait(self, seconds: float) -> Counter[str]:
        """Wait for notices, at most so long; return how many objects of which batches they name."""
        if self._rung.wait(seconds):
            give_up_at = time.monotonic() + _LONGEST_SECONDS
            while (now := time.monotonic()) < min(self._last_ring + _STILL_SECONDS, give_up_at):
                time.sleep(min(self._last_ring + _STILL_SECONDS, give_up_at) - now)
        with self._lock:
            self._rung.clear()
            rung, self._objects = self._objects, Counter()
        return rung
