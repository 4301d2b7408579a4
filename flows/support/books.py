"""What is noted in Prefect of folders that have no flow run of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from flows.support import artifacts, events

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from mnist.operations.batch_runs import BatchRun
    from mnist.scoring.receipts import Receipt

TAGS = ("scoring", "watcher")

_INFO, _ERROR = 20, 40


def tag(batch: str) -> str:
    """Give the tag by which the run of a batch is found."""
    return f"batch:{batch}"


class Books(Protocol):
    """Where it is noted what became of small folders.

    Every method raises httpx.HTTPError or PrefectException if Prefect does not answer.
    """

    def flow_run(self, batch: str) -> str:
        """Name the run that carries a batch."""

    def scored(self, batch: str, run: BatchRun) -> None:
        """Note that rows of a batch are recorded, which is left open."""

    def closed(self, receipt: Receipt, *, is_new: bool) -> None:
        """Note that a batch has its receipt."""

    def failed(self, batch: str, problem: str) -> None:
        """Note that work on a batch did not succeed."""

    def leave(self, batch: str) -> None:
        """Take note that nobody works on a batch any more, whatever came of it."""


class OneRun:
    """Notes everything in one run, which somebody else begins and ends.

    Args:
        client: Of Prefect's API; any number of threads may use it.
        run: Id of the run.
    """

    def __init__(self, client: SyncPrefectClient, run: str) -> None:
        self._client = client
        self._run = run

    def flow_run(self, batch: str) -> str:  # noqa: ARG002 - all have the same
        """Name the run."""
        return self._run

    def scored(self, batch: str, run: BatchRun) -> None:
        """Announce rows, and log how many there are."""
        events.batch_scored(batch, run.waiting)
        self._log(f"{batch}: {run.waiting} new of {len(run.listing)}, left open.")

    def closed(self, receipt: Receipt, *, is_new: bool) -> None:
        """Show the receipt with the run and as the batch's own artifact, and announce it."""
        if is_new:  # first of all, as a second attempt finds the receipt there
            events.batch_closed(receipt)
        body = {
            "key": artifacts.key("receipt", receipt.batch),
            "type": "markdown",
            "description": receipt.verdict_reason,
            "data": receipt.markdown(),
            "flow_run_id": self._run,
        }
        self._client.request("POST", "/artifacts/", json=body).raise_for_status()
        level = _INFO if receipt.verdict == "complete" else _ERROR
        self._log(f"{receipt.batch}: {receipt.verdict_reason}", level)

    def failed(self, batch: str, problem: str) -> None:
        """Log the problem."""
        self._log(f"{batch}: {problem}", _ERROR)

    def leave(self, batch: str) -> None:
        """Do nothing: this run is ended by somebody else."""

    def _log(self, message: str, level: int = _INFO) -> None:
        record = {
            "name": "prefect.flow_runs",
            "level": level,
            "message": message,
            "timestamp": datetime.now(UTC).isoformat(),
            "flow_run_id": self._run,
        }
        self._client.request("POST", "/logs/", json=[record]).raise_for_status()
