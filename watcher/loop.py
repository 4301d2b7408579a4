"""The loop of the watcher: hear what is new, hand out work, pause, end the runs that went stale.

A fresh process for every batch would pay its imports every time. Here they are paid once, and a
dropped image has its row a second later. The loop itself never fetches an image: what it hands out
is done beside it. The store's notifications only shorten the pause before the next turn. Whatever
this process does not survive, the next one finds in the store.
"""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType

import structlog
from prefect.client.orchestration import SyncPrefectClient
from prefect.context import SyncClientContext
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.support import events
from flows.support.large_batches import LargeBatches
from flows.support.shared_runs import SharedRuns
from flows.support.sweep import PREFECT_IS_AWAY, Sweep, score_large
from mnist import services
from mnist.errors import MnistError
from mnist.orchestrator import advice
from mnist.settings import Settings
from watcher.notification_queue import NotificationQueue
from watcher.stale_runs import end_stale_runs

_PATIENCE = 0.01
"""When nothing has come for t seconds, the pause between sweeps grows towards t / 100."""

_STALE_CHECK_SECONDS = 60.0
"""Pause between two looks for stale runs."""

_log = structlog.get_logger(__name__)


class Watcher:
    """Sweeps until told to stop.

    Args:
        settings: How often to look.
        queue: What shortens the pause when the store announces something.
    """

    def __init__(self, settings: Settings, queue: NotificationQueue) -> None:
        self._settings = settings
        self._queue = queue
        self._stopping = threading.Event()
        self._sweeper = services.current().new_sweeper()
        self._last_news = time.monotonic()
        self._last_complaint = ""
        self._next_stale_check = 0.0

    def stop(self, signum: int, _frame: FrameType | None) -> None:
        """Finish the work at hand, of large batches the chunk at hand, and leave."""
        _log.info("watcher.stopping", signal=signal.Signals(signum).name)
        self._stopping.set()
        self._queue.wake()

    def run(self) -> None:
        """Sweep until `stop` is called."""
        _log.info("watcher.started")
        # One client for all runs: each of its own would load certificates for 0.2 seconds. And they
        # give their own signs of life: Prefect's thread for that would hold each up for a second.
        with (
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
            SyncClientContext.get_or_create() as prefect,
        ):
            large = LargeBatches(score_large)
            books = SharedRuns(prefect.client, "watch-inbox")
            sweep = Sweep(self._sweeper, books, large.run, self._stopping.is_set)
            while not self._stopping.is_set():
                self._hear(self._queue.wait(self._pause()))
                self._look(sweep)
                large.tick()
                self._attempt(books.tick, "shared-run.failed")
                self._end_stale_runs(prefect.client)
            large.close()
            sweep.wait()
            self._attempt(partial(books.tick, stopping=True), "shared-run.failed")
        _log.info("watcher.stopped")

    def _hear(self, objects_by_batch: Mapping[str, int]) -> None:
        for batch, objects in objects_by_batch.items():
            self._sweeper.expect(batch)
            events.batch_dropped(batch, objects)

    def _look(self, sweep: Sweep) -> None:
        try:
            if sweep.turn():
                self._last_news = time.monotonic()
        except MnistError as error:
            self._complain("watcher.sweep-failed", error)
        else:
            self._last_complaint = ""

    def _end_stale_runs(self, client: SyncPrefectClient) -> None:
        if time.monotonic() < self._next_stale_check:
            return
        self._next_stale_check = time.monotonic() + _STALE_CHECK_SECONDS
        self._attempt(partial(end_stale_runs, client), "stale-check.failed")

    def _attempt(self, work: Callable[[], object], complaint: str) -> None:
        """Do what can be left for later if Prefect does not answer."""
        try:
            work()
        except PREFECT_IS_AWAY as error:
            _log.warning(complaint, error=repr(error))

    def _pause(self) -> float:
        shortest = self._settings.sweep_seconds
        longest = max(self._settings.longest_sweep_seconds, shortest)
        quiet = 0 if self._sweeper.open_batches else time.monotonic() - self._last_news
        return min(max(shortest, _PATIENCE * quiet), longest)

    def _complain(self, event: str, error: MnistError) -> None:
        """Log a standing problem once, not every second."""
        what, _, _ = str(error).partition(" (")  # what follows has times in it
        if what != self._last_complaint:
            _log.warning(event, error=advice(error))
            self._last_complaint = what
