"""One look at the inbox, and the scoring that it asks for."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import structlog
from prefect import tags
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.exceptions import PrefectException

from flows.score_batch import score_batch
from flows.support.books import TAGS, tag
from flows.support.lanes import Lanes
from flows.support.large_batches import UNFINISHED
from mnist import services
from mnist.errors import BatchFailed, LeaseHeld, MnistError, NoChampion
from mnist.orchestrator import advice
from mnist.storage.lease import holder

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.support.books import Books
    from mnist.operations.sweeping import Sweeper, Todo
    from mnist.scoring.receipts import Receipt

PREFECT_IS_AWAY = (httpx.HTTPError, PrefectException, ConcurrencySlotAcquisitionError)
"""What a call raises when the server does not answer: the last is no Prefect exception by type."""

_log = structlog.get_logger(__name__)


class RunLarge(Protocol):
    """Works on a large batch and says what became of it, as `score_large` does."""

    def __call__(self, batch: str, *, close: bool) -> dict[str, Any]:
        """Score a batch, and write its receipt if it is to be closed."""


def score_large(batch: str, close: bool) -> dict[str, Any]:  # noqa: FBT001 - a pool gives no names
    """Score a batch in a flow run of its own.

    Returns:
        The summary, with a `verdict`; of a failed batch `failed`, with the `problem`.
    """
    name = f"{'close' if close else 'score'}-{batch}".replace("{", "{{").replace("}", "}}")
    try:
        with tags(*TAGS, tag(batch)):
            flow = score_batch.with_options(flow_run_name=name)
            return flow(batch, wait_seconds=0, close=close)
    except BatchFailed as error:  # which has its receipt
        return {"batch": batch, "verdict": "failed", "missing": 0, "problem": str(error)}


class Sweep:
    """Hands out what is due and reports what became of it.

    Nobody's work waits for anybody else's: every batch is looked at and worked on in a thread of
    its own, what is large in a process of its own, and what fails is put off alone.

    Args:
        sweeper: What finds the work; it remembers what it has seen.
        books: Where it is noted what became of small folders.
        run_large: Works on a batch of more than one chunk.
        is_stopping: Asked before work on a batch begins.
    """

    def __init__(
        self,
        sweeper: Sweeper,
        books: Books,
        run_large: RunLarge = score_large,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.sweeper = sweeper
        self._books = books
        self._run_large = run_large
        self._is_stopping = is_stopping
        self._lanes = Lanes()
        self._lock = threading.RLock()
        self._queue: deque[str] = deque()
        self._old_looks = 0
        self._no_champion: NoChampion | None = None
        self._outcomes: dict[str, str] = {}

    def turn(self) -> dict[str, str]:
        """Hand out what is due now, without waiting for it.

        Returns:
            What became of batches since the last turn.

        Raises:
            NoChampion: If there is something to score and nothing to score it with.
            Unavailable: If the store or the registry does not answer.
        """
        if self._no_champion is not None:
            services.current().registry.champion()  # without one, no look is worth it
            self._no_champion = None
        due = self.sweeper.due()
        with self._lock:
            self._queue = deque(due)
        self._hand_out()
        with self._lock:
            outcomes, self._outcomes = self._outcomes, {}
        if self._no_champion is not None:
            raise self._no_champion
        return outcomes

    def once(self) -> dict[str, str]:
        """Do all that is due now, and wait for it; for the rest, see `turn`."""
        outcomes = self.turn()
        self.wait()
        return outcomes | self._last_outcomes()

    def wait(self) -> None:
        """Wait for what was handed out."""
        self._lanes.wait()

    def _last_outcomes(self) -> dict[str, str]:
        if self._no_champion is not None:
            raise self._no_champion
        outcomes, self._outcomes = self._outcomes, {}
        return outcomes

    def _hand_out(self) -> None:
        """Begin what is at the front of the queue, as far as there is room."""
        with self._lock:
            while self._queue and self._lanes.has_room and not self._is_held():
                batch = self._queue[0]
                is_old = self.sweeper.is_old(batch)
                if is_old and self._old_looks:
                    break  # looks at what is old take one lane at the most
                self._queue.popleft()
                if self.sweeper.begin(batch):
                    self._old_looks += is_old
                    self._lanes.start(partial(self._visit, batch, is_old), f"batch-{batch}")

    def _is_held(self) -> bool:
        return self._no_champion is not None or self._is_stopping()

    def _visit(self, batch: str, is_old: bool) -> None:  # noqa: FBT001 - private
        try:
            todo = self.sweeper.look(batch)
            if todo is not None:
                self._outcomes[batch] = self._work(todo)
        except NoChampion as error:
            self.sweeper.go_on(batch)
            self._no_champion = error
        except MnistError as error:
            self._outcomes[batch] = self._fail(batch, advice(error))
        except PREFECT_IS_AWAY as error:
            self._outcomes[batch] = self._fail(
                batch, f"Prefect does not answer ({error!r}); check PREFECT_API_URL.", noted=False
            )
        except Exception as error:  # noqa: BLE001 - a fault met in one batch stops no other
            _log.exception("batch.fault", batch=batch)
            self._outcomes[batch] = self._fail(batch, f"unexpected {error!r}; see the log")
        finally:
            self._books.leave(batch)
            with self._lock:
                self._old_looks -= is_old
            self._hand_out()

    def _work(self, todo: Todo) -> str:
        most = services.current().settings.chunk_images
        if todo.close is not None:
            _log.info("batch.complete", batch=todo.batch, why=str(todo.close))
        if max(todo.waiting, todo.images if todo.close else 0) > most:
            return self._work_beside(todo)
        return self._work_here(todo)

    def _work_here(self, todo: Todo) -> str:
        """Score a small folder in this thread."""
        batch, current = todo.batch, services.current()
        name = str(uuid.uuid4())
        try:
            with current.lease(batch, name, wait_seconds=0, may_be_empty=True):
                run = current.batch_scoring.run(
                    batch,
                    name,
                    close=todo.close is not None,
                    may_be_empty=True,
                    flow_run=lambda: self._books.flow_run(batch),
                )
        except LeaseHeld as error:
            self.sweeper.postpone(batch)
            return f"left alone: {error}"
        receipt = run.receipt
        if run.unavailable:
            problem = f"{run.unavailable} of {len(run.listing)} images cannot be fetched now."
            return self._fail(batch, problem, closed=receipt is not None)
        if receipt is None:
            self._books.scored(batch, run)
            verdict = "open"
        else:
            self._books.closed(receipt, is_new=receipt.run.name == name)
            verdict = _verdict_of(receipt)
        self.sweeper.done(batch, closed=receipt is not None)
        _log.info("batch.scored", **(receipt.summary() if receipt else {"batch": batch}))
        return verdict

    def _work_beside(self, todo: Todo) -> str:
        """Have a large batch scored in a run of its own."""
        batch = todo.batch
        if holder(services.current().results_bucket, batch) is not None:
            self.sweeper.postpone(batch)
            return "left alone: another run works on it"
        try:
            summary = self._run_large(batch, close=todo.close is not None)
        except LeaseHeld as error:
            self.sweeper.postpone(batch)
            return f"left alone: {error}"
        verdict = str(summary["verdict"])
        if verdict == UNFINISHED:
            self.sweeper.go_on(batch)
        elif summary["missing"]:
            problem = f"{summary['missing']} images cannot be fetched now."
            return self._fail(batch, problem, closed=verdict != "open")
        else:
            self.sweeper.done(batch, closed=verdict != "open")
        _log.info("batch.scored", **summary)
        return verdict

    def _fail(self, batch: str, problem: str, *, closed: bool = False, noted: bool = True) -> str:
        """Put a batch off and tell people of it, once for each problem."""
        if self.sweeper.fail(batch, problem, closed=closed):
            _log.warning("batch.failed", batch=batch, error=problem)
            if noted:
                try:
                    self._books.failed(batch, problem)
                except PREFECT_IS_AWAY as error:
                    _log.warning("batch.failure-not-noted", batch=batch, error=repr(error))
        return f"failed: {problem}"


def _verdict_of(receipt: Receipt) -> str:
    is_good = receipt.verdict == "complete"
    return "complete" if is_good else f"failed: Batch {receipt.batch!r}: {receipt.verdict_reason}"
