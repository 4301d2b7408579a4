"""Large batches are scored beside the watcher, each in a process of its own.

In the same process they would share one interpreter with the small folders, which would wait for it
hundreds of times each. A process is started when the first large batch comes, and kept for the next
ones. As many run at once as there are cores, two at the least. If more are waiting, each works for
a minute and then queues up behind the others: nothing is lost but one listing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from mnist.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Event

UNFINISHED = "unfinished"
"""Verdict on a batch whose run ended early, because others were waiting or the process stops."""

_SLICE_SECONDS = 60.0
_IDLE_SECONDS = 120.0
_AT_ONCE = max(2, os.cpu_count() or 1)
_NICE = 10

_processes = multiprocessing.get_context("spawn")
_flags: tuple[Event, Event] | None = None
"""In a process of the pool: whether others wait, and whether all has to end."""


class LargeBatches:
    """The processes for large batches; any number of threads may ask at once.

    Args:
        work: Does the work in such a process: takes a batch and whether to close it, returns what
            the caller wants to know.
    """

    def __init__(self, work: Callable[[str, bool], dict[str, Any]]) -> None:
        self._work = work
        self._others_wait, self._stopping = _processes.Event(), _processes.Event()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._asked = 0
        self._idle_since = time.monotonic()

    def run(self, batch: str, *, close: bool) -> dict[str, Any]:
        """Do the work on a batch and wait for it.

        Raises:
            Unavailable: If the process died over it.
            MnistError: What the work raises.
        """
        with self._lock:
            self._count(1)
        try:
            with self._lock:  # so that no pool is taken that is being ended
                if self._stopping.is_set():
                    return {"batch": batch, "verdict": UNFINISHED}
                pool = self._pool = self._pool or self._new_pool()
                future = pool.submit(self._work, batch, close)
            return future.result()
        except BrokenProcessPool as error:
            with self._lock:
                self._forget(pool)
            raise Unavailable(
                f"The process that worked on batch {batch!r} died, perhaps for want of memory; "
                "what it has recorded stays, and the rest is tried again."
            ) from error
        finally:
            with self._lock:
                self._count(-1)

    def tick(self) -> None:
        """End the processes if nothing was large for some time; to be called now and then."""
        with self._lock:
            idle = time.monotonic() - self._idle_since
            if self._pool is not None and not self._asked and idle > _IDLE_SECONDS:
                self._forget(self._pool)

    def close(self) -> None:
        """Let every run end after the chunk at hand, take no further one, end the processes."""
        with self._lock:
            self._stopping.set()
        if self._pool is not None:
            self._pool.shutdown()

    def _new_pool(self) -> ProcessPoolExecutor:
        flags = self._others_wait, self._stopping
        return ProcessPoolExecutor(
            _AT_ONCE, mp_context=_processes, initializer=_begin, initargs=flags
        )

    def _count(self, step: int) -> None:
        self._asked += step
        self._idle_since = time.monotonic()
        if self._asked > _AT_ONCE:
            self._others_wait.set()
        else:
            self._others_wait.clear()

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        """End these processes; the next large batch gets new ones."""
        if self._pool is pool:
            self._pool = None
        pool.shutdown(wait=False)


def slice_ends() -> Callable[[], bool]:
    """Say when a run that begins now has to make room; never, outside of such a process."""
    started = time.monotonic()

    def is_over() -> bool:
        if _flags is None:
            return False
        others_wait, stopping = _flags
        seconds = time.monotonic() - started
        return stopping.is_set() or (seconds > _SLICE_SECONDS and others_wait.is_set())

    return is_over


def _begin(others_wait: Event, stopping: Event) -> None:
    """Prepare a process of the pool: it steps back for small folders and ends with its parent."""
    global _flags  # noqa: PLW0603 - a function of the pool gets nothing else
    _flags = others_wait, stopping
    os.nice(_NICE)
    # Our runs give their own signs of life; Prefect's thread for that holds each up for a second.
    os.environ.pop("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the parent decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - a process of the pool has one

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow-parent", daemon=True).start()
