"""Flow runs that carry many small folders.

A flow run of its own for each folder, with tasks, states and a progress bar, costs Prefect's
database 0.2 MB; a folder every five seconds would be 3 GB a day. So small folders share a run: each
leaves in it a tag, lines of the log, the artifact with its receipt, and its events. A large batch
has a run of its own.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.support.books import TAGS, OneRun, tag
from flows.support.heartbeats import beat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect.client.orchestration import SyncPrefectClient

    from mnist.operations.batch_runs import BatchRun
    from mnist.scoring.receipts import Receipt

_MOST_BATCHES = 50
_LONGEST_SECONDS = 300.0
_IDLE_SECONDS = 15.0
_HEARTBEAT_SECONDS = 30.0


@dataclass(eq=False)
class _Shared:
    """A run that is going on; times are of the clock that only grows.

    Attributes:
        busy: Batches that somebody works on now.
        open: Batches with rows and without a receipt.
        problems: What makes the run fail.
    """

    id: str
    books: OneRun
    began: float
    last_note: float
    batches: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    state: str = "Completed"

    def is_full(self, now: float) -> bool:
        """Tell whether it takes no further folder."""
        aged = now - self.began > _LONGEST_SECONDS
        return bool(self.problems) or aged or len(self.batches) >= _MOST_BATCHES

    def is_over(self, now: float) -> bool:
        """Tell whether it is to end."""
        idle = now - self.last_note > _IDLE_SECONDS
        return not self.busy and (self.is_full(now) or (idle and not self.open))

    def fail(self, state: str, problem: str) -> None:
        """Take note of what makes it fail."""
        self.state = state if self.state != "Failed" else "Failed"
        self.problems.append(problem)


class SharedRuns:
    """Begins and ends runs as small folders come, a few minutes each.

    A run is at most five minutes old when it takes its last folder, and ends once all of its
    folders have their receipts; one that has to tell of a failure ends at once, as failed.

    Args:
        client: Of Prefect's API; any number of threads may use it.
        flow: Name of the flow whose runs they are.
    """

    def __init__(self, client: SyncPrefectClient, flow: str) -> None:
        self._client = client
        self._flow = flow
        self._flow_id = ""
        self._lock = threading.RLock()
        self._runs: list[_Shared] = []
        self._next_heartbeat = 0.0

    def flow_run(self, batch: str) -> str:
        """Name the run that carries a batch, which is begun if need be."""
        with self._lock:
            shared = self._carrying(batch)
            shared.busy.add(batch)
            return shared.id

    def scored(self, batch: str, run: BatchRun) -> None:
        """Note it in the run that carries the batch, which goes on until the batch is closed."""
        with self._noting(batch) as shared:
            shared.books.scored(batch, run)
            shared.open.add(batch)

    def closed(self, receipt: Receipt, *, is_new: bool) -> None:
        """Note it in the run that carries the batch, which fails if the batch does."""
        with self._noting(receipt.batch) as shared:
            shared.books.closed(receipt, is_new=is_new)
            shared.open.discard(receipt.batch)
            if receipt.verdict != "complete":
                shared.fail("BatchFailed", f"Batch {receipt.batch!r}: {receipt.verdict_reason}")

    def failed(self, batch: str, problem: str) -> None:
        """Note it in a run, which fails with it."""
        with self._noting(batch) as shared:
            shared.books.failed(batch, problem)
            shared.fail("Failed", f"Batch {batch!r}: {problem}")

    def leave(self, batch: str) -> None:
        """Let the run that carries the batch end, as far as this batch is concerned."""
        with self._lock:
            for shared in self._runs:
                shared.busy.discard(batch)

    def tick(self, *, stopping: bool = False) -> None:
        """End what is over, and give the signs of life of the rest; to be called now and then.

        Args:
            stopping: End all of them.
        """
        with self._lock:
            now = time.monotonic()
            for shared in list(self._runs):
                if stopping or shared.is_over(now):
                    self._end(shared)
            if now >= self._next_heartbeat:
                self._next_heartbeat = now + _HEARTBEAT_SECONDS
                for shared in self._runs:
                    beat(shared.id)

    @contextmanager
    def _noting(self, batch: str) -> Iterator[_Shared]:
        with self._lock:
            shared = self._carrying(batch)
            shared.busy.add(batch)
        try:
            yield shared
        finally:
            with self._lock:
                shared.busy.discard(batch)
                shared.last_note = time.monotonic()

    def _carrying(self, batch: str) -> _Shared:
        """Return the run that carries a batch; it is begun, or told the batch, if need be."""
        now = time.monotonic()
        for shared in self._runs:
            if batch in shared.busy or (batch in shared.batches and not shared.is_full(now)):
                return shared
        if not self._runs or self._runs[-1].is_full(now):
            self._runs.append(self._begin(batch, now))
            return self._runs[-1]
        shared = self._runs[-1]
        tags = [*TAGS, *map(tag, [*shared.batches, batch])]
        self._send("PATCH", f"/flow_runs/{shared.id}", {"tags": tags})
        shared.batches.append(batch)
        return shared

    def _begin(self, batch: str, now: float) -> _Shared:
        if not self._flow_id:
            self._flow_id = self._send("POST", "/flows/", {"name": self._flow}).json()["id"]
        body = {
            "flow_id": self._flow_id,
            "name": f"inbox-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}",
            "tags": [*TAGS, tag(batch)],
            "state": {"type": "RUNNING", "name": "Running"},
        }
        run = self._send("POST", "/flow_runs/", body).json()["id"]
        beat(run)
        return _Shared(run, OneRun(self._client, run), now, now, [batch])

    def _end(self, shared: _Shared) -> None:
        kind = "FAILED" if shared.problems else "COMPLETED"
        message = "; ".join(shared.problems) or f"{len(shared.batches)} folders"
        state = {"type": kind, "name": shared.state, "message": message}
        body = {"state": state, "force": True}
        self._send("POST", f"/flow_runs/{shared.id}/set_state", body)
        self._runs.remove(shared)

    def _send(self, method: Any, path: Any, body: dict[str, Any]) -> Any:
        return self._client.request(method, path, json=body).raise_for_status()
