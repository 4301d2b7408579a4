"""The warm process: sweeps the inbox about once a second and scores in-process.

A fresh process for every batch would pay its imports every time. Here they are paid once, and a
dropped image has its row a second or two later. The store's notifications only shorten the pause
before the next sweep. Whatever this process does not survive, the next one finds in the store.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

import httpx
import structlog
from prefect.client.orchestration import SyncPrefectClient
from prefect.context import SyncClientContext
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows import events, wiring
from flows.doorbell import Doorbell
from flows.listener import ListenerThread, listener
from flows.silent_runs import end_silent_runs
from flows.sweep import Sweep
from mnist.errors import MnistError
from mnist.log import configure_logging
from mnist.settings import Settings

_PATIENCE = 0.01
"""When nothing has come for t seconds, the pause between sweeps grows towards t / 100."""

_ROLL_CALL_SECONDS = 60.0
"""Pause between two looks for runs that have fallen silent."""

_log = structlog.get_logger(__name__)


class Watcher:
    """Sweeps until told to stop.

    Args:
        settings: How often to look.
        doorbell: What shortens the pause when the store announces something.
    """

    def __init__(self, settings: Settings, doorbell: Doorbell) -> None:
        self._settings = settings
        self._doorbell = doorbell
        self._stopping = threading.Event()
        self._sweep = Sweep(wiring.new_sweeper(), self._stopping.is_set)
        self._last_news = time.monotonic()
        self._last_complaint = ""
        self._next_roll_call = 0.0

    def stop(self, signum: int, _frame: FrameType | None) -> None:
        """Finish the sweep at hand and leave."""
        _log.info("watcher.stopping", signal=signal.Signals(signum).name)
        self._stopping.set()
        self._doorbell.wake()

    def run(self) -> None:
        """Sweep until `stop` is called."""
        _log.info("watcher.started")
        # One client for all runs: each of its own would load certificates for 0.2 seconds. And they
        # give their own signs of life: Prefect's thread for that would hold each up for a second.
        with (
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
            SyncClientContext.get_or_create() as prefect,
        ):
            while not self._stopping.is_set():
                self._hear(self._doorbell.wait(self._pause()))
                self._look()
                self._end_silent_runs(prefect.client)
        _log.info("watcher.stopped")

    def _hear(self, objects_by_batch: Mapping[str, int]) -> None:
        for batch, objects in objects_by_batch.items():
            self._sweep.sweeper.expect(batch)
            events.batch_dropped(batch, objects)

    def _look(self) -> None:
        try:
            if self._sweep.once():
                self._last_news = time.monotonic()
        except MnistError as error:
            self._complain("watcher.sweep-failed", error)
        else:
            self._last_complaint = ""

    def _end_silent_runs(self, client: SyncPrefectClient) -> None:
        if time.monotonic() < self._next_roll_call:
            return
        self._next_roll_call = time.monotonic() + _ROLL_CALL_SECONDS
        try:
            end_silent_runs(client)
        except (httpx.HTTPError, PrefectException) as error:
            _log.warning("roll-call.failed", error=repr(error))

    def _pause(self) -> float:
        shortest = self._settings.sweep_seconds
        longest = max(self._settings.longest_sweep_seconds, shortest)
        quiet = 0 if self._sweep.sweeper.open_batches else time.monotonic() - self._last_news
        return min(max(shortest, _PATIENCE * quiet), longest)

    def _complain(self, event: str, error: MnistError) -> None:
        """Log a standing problem once, not every second."""
        what, _, _ = str(error).partition(" (")  # what follows has times in it
        if what != self._last_complaint:
            _log.warning(event, error=str(error))
            self._last_complaint = what


def _listening(settings: Settings, doorbell: Doorbell) -> AbstractContextManager[object]:
    if settings.events_port is None or settings.events_token is None:
        return nullcontext()
    app = listener(doorbell, settings.inbox_bucket, settings.events_token)
    return ListenerThread(app, settings.events_host, settings.events_port)


def main() -> None:
    """Run the watcher until SIGTERM or SIGINT."""
    configure_logging()
    settings = wiring.cached_settings()
    doorbell = Doorbell()
    watcher = Watcher(settings, doorbell)
    signal.signal(signal.SIGTERM, watcher.stop)
    signal.signal(signal.SIGINT, watcher.stop)
    with _listening(settings, doorbell):
        watcher.run()


if __name__ == "__main__":
    main()
