"""The thread that announces receipts, beside the loop that scores."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from mnist.errors import MnistError

if TYPE_CHECKING:
    from mnist.operations.delivering import Delivering

_PAUSE_AFTER_ERROR_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class DeliveryThread:
    """Announces until the block ends.

    Args:
        delivering: What finds and announces.
    """

    def __init__(self, delivering: Delivering) -> None:
        self._delivering = delivering
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)

    def __enter__(self) -> DeliveryThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the message under way arrive, and leave."""
        self._stopping.set()
        self._delivering.wake()
        self._thread.join()

    def _run(self) -> None:
        last = ""
        while not self._stopping.is_set():
            try:
                pause, complaint = self._delivering.once(self._stopping.is_set), ""
            except MnistError as error:
                pause, complaint = _PAUSE_AFTER_ERROR_SECONDS, str(error).partition(" (")[0]
                if complaint != last:  # a standing problem is told once
                    _log.warning("deliveries.failed", error=str(error))
            last = complaint
            self._delivering.wait(pause)
