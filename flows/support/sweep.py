"""One look at the inbox, and the scoring that it asks for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import structlog
from prefect import tags
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.exceptions import PrefectException

from flows.score_batch import score_batch
from mnist import services
from mnist.errors import BatchFailed, LeaseHeld, MnistError, NoChampion, Unavailable
from mnist.storage.lease import holder

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist.operations.sweeping import Sweeper

_CLOSING_SECONDS = 1.0
"""One sweep writes at least one receipt, and others for so long: new images cannot wait more."""

_PREFECT_IS_AWAY = (httpx.HTTPError, PrefectException, ConcurrencySlotAcquisitionError)
"""What a run raises when its server does not answer: the last is no Prefect exception by type."""

_log = structlog.get_logger(__name__)


class Sweep:
    """Scores what is new and closes what is complete, in this process.

    Args:
        sweeper: What finds both; it remembers what it has seen.
        is_stopping: Asked between two batches.
    """

    def __init__(self, sweeper: Sweeper, is_stopping: Callable[[], bool] = lambda: False) -> None:
        self.sweeper = sweeper
        self._is_stopping = is_stopping

    def once(self, *, whole: bool = False) -> dict[str, str]:
        """Sweep; return what became of each batch that was worked on.

        Args:
            whole: Look at every batch, however long it takes.

        Raises:
            NoChampion: If there is something to score and nothing to score it with.
            Unavailable: If the store or the registry does not answer.
        """
        pending = self.sweeper.pending(whole=whole)
        if pending:
            services.current().registry.champion()  # without one, no run is worth starting
        outcome = {batch: self._work(batch, self.sweeper.is_ready(batch)) for batch in pending}
        end = time.monotonic() + _CLOSING_SECONDS
        for batch, why in self.sweeper.complete().items():
            _log.info("batch.complete", batch=batch, why=str(why))
            outcome[batch] = self._work(batch, close=True)
            if time.monotonic() >= end:
                break
        return outcome

    def _work(self, batch: str, close: bool) -> str:  # noqa: FBT001 -- private
        if self._is_stopping():
            return "left alone: stopping"
        if holder(services.current().results_bucket, batch) is not None:
            self.sweeper.put_off(batch)
            return "left alone: another run works on it"
        try:
            with tags("scoring", "watcher"):
                summary = _named(batch, close)(batch, wait_seconds=0, close=close)
        except LeaseHeld as error:
            self.sweeper.put_off(batch)
            return f"left alone: {error}"
        except NoChampion:
            raise
        except _PREFECT_IS_AWAY as error:
            raise Unavailable(
                f"Prefect did not take the run for batch {batch!r} ({error!r}); check "
                "PREFECT_API_URL and that the server is up. The next sweep tries again."
            ) from error
        except MnistError as error:
            self._note_failure(batch, error)
            return f"failed: {error}"
        if close:
            self.sweeper.close(batch)
        _log.info("batch.scored", **summary)
        return str(summary["verdict"])

    def _note_failure(self, batch: str, error: MnistError) -> None:
        _log.warning("batch.failed", batch=batch, error=str(error))
        if isinstance(error, BatchFailed):  # which has its receipt
            self.sweeper.close(batch)
        else:
            self.sweeper.put_off(batch)


def _named(batch: str, close: bool) -> Callable[..., dict[str, object]]:  # noqa: FBT001 -- private
    """Give the flow a run name that says which of the two it does."""
    name = f"{'close' if close else 'score'}-{batch}"
    return score_batch.with_options(flow_run_name=name.replace("{", "{{").replace("}", "}}"))
