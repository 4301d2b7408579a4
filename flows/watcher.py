"""The warm process: sweeps the inbox about once a second and scores in-process.

A fresh process for every batch would pay its imports every time. Here they are paid once, and a
dropped image has its row a second or two later. Whatever this process does not survive, the next
one finds again in the store.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

import structlog

from flows import wiring
from flows.score_batch import score_batch
from mnist.errors import LeaseHeld, MnistError, NoChampion
from mnist.log import configure_logging

_log = structlog.get_logger(__name__)


class Watcher:
    """Sweeps until told to stop."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._sweeper = wiring.new_sweeper()
        self._last_complaint = ""

    def stop(self, signum: int, _frame: FrameType | None) -> None:
        """Finish the sweep at hand and leave."""
        _log.info("watcher.stopping", signal=signal.Signals(signum).name)
        self._stopping.set()

    def run(self) -> None:
        """Sweep until `stop` is called."""
        _log.info("watcher.started")
        while not self._stopping.wait(wiring.cached_settings().sweep_seconds):
            try:
                self._sweep()
            except MnistError as error:
                self._complain("watcher.sweep-failed", error)
            else:
                self._last_complaint = ""
        _log.info("watcher.stopped")

    def _sweep(self) -> None:
        pending = self._sweeper.pending()
        if pending:
            wiring.registry_reader().champion()  # without one, no run is worth starting
        for batch in pending:
            if self._stopping.is_set():
                return
            if wiring.is_held(batch):
                self._sweeper.put_off(batch)
                continue
            try:
                summary = score_batch(batch, wait_seconds=0)
                _log.info("batch.scored", **summary)
            except LeaseHeld as error:
                self._sweeper.put_off(batch)
                _log.info("batch.left-alone", batch=batch, reason=str(error))
            except NoChampion:
                raise
            except MnistError as error:
                self._sweeper.put_off(batch)
                _log.warning("batch.failed", batch=batch, error=str(error))

    def _complain(self, event: str, error: MnistError) -> None:
        """Log a standing problem once, not every second."""
        if str(error) != self._last_complaint:
            _log.warning(event, error=str(error))
            self._last_complaint = str(error)


def main() -> None:
    """Run the watcher until SIGTERM or SIGINT."""
    configure_logging()
    watcher = Watcher()
    signal.signal(signal.SIGTERM, watcher.stop)
    signal.signal(signal.SIGINT, watcher.stop)
    watcher.run()


if __name__ == "__main__":
    main()
