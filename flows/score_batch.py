"""Score one batch: list it, score in chunks what has no outcome yet, write the receipt."""

import logging
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from prefect import flow, get_run_logger
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.support import artifacts, events
from flows.support.heartbeats import heartbeats
from flows.support.large_batches import UNFINISHED, slice_ends
from flows.support.parameters import Seconds, Text, spelled
from flows.support.remedies import say_remedy
from flows.support.retries import retried_task
from flows.support.streaming import in_flight
from mnist import services
from mnist.errors import BatchFailed
from mnist.operations.batch_runs import BatchRun
from mnist.scoring.chunks import Chunk, RecordedChunk, ScoreChunk
from mnist.scoring.receipts import Receipt

BATCH_FAILED = "BatchFailed"
"""Name of the state in which the run of a failed batch ends."""

_CHUNKS_AT_ONCE = 2
_CHUNKS_IN_FLIGHT = 2 * _CHUNKS_AT_ONCE


@retried_task("score-chunk")
def score_chunk(chunk: Chunk) -> RecordedChunk:
    """Fetch, decode, predict and record one chunk."""
    return services.current().batch_scoring.score(chunk)


def _submit(chunk: Chunk) -> PrefectFuture[RecordedChunk]:
    # Quoted, or Prefect looks for results of other tasks in each of its thousands of objects.
    return score_chunk.submit(quote(chunk), return_state=False)


def map_chunks(_score: ScoreChunk, chunks: Iterable[Chunk]) -> Iterator[RecordedChunk]:
    """Score chunks by tasks of this run, or by Dask workers where there are some.

    A large batch stops here when it has to make room for others.
    """
    ends = slice_ends()
    chunks = takewhile(lambda _: not ends(), chunks)
    scheduler = services.current().settings.dask_scheduler
    if scheduler is None:
        yield from in_flight(_submit, chunks, _CHUNKS_IN_FLIGHT)
        return
    from flows.support.fan_out import dask_workers  # noqa: PLC0415 - a second that others save

    with dask_workers(scheduler) as (submit, limit):
        yield from in_flight(submit, chunks, limit)


@flow(
    name="score-batch",
    flow_run_name="score-{batch}",
    on_failure=[say_remedy],
    task_runner=ThreadPoolTaskRunner(max_workers=_CHUNKS_AT_ONCE),  # type: ignore[arg-type]  # invariant
)
def score_batch(
    batch: Text,
    wait_seconds: Seconds = 600,
    *,
    close: bool = True,
    rejects_again: bool = False,
) -> dict[str, Any]:
    """Give every image of a batch an outcome, and write the receipt that proves it.

    Safe to repeat and to run twice at once: what is recorded is never recorded again.

    Args:
        batch: Name of a folder at the top of the inbox bucket, such as `scans-2026-11-20`.
        wait_seconds: How long to wait while another run works on the same batch.
        close: Write the receipt now. The watcher leaves that for when the batch has settled.
        rejects_again: Score once more what was rejected, after limits, access rights or the
            program were mended. The old rows stay; where the new row has a digit, it counts.

    Returns:
        The receipt's sums; while the batch is left open, how many images were listed and scored.

    Raises:
        InvalidBatch: If the folder does not exist or has no images.
        NoChampion: If no model has been promoted yet.
        LeaseHeld: If another run still works on the batch after the wait.
        BatchFailed: If more images were rejected than the limit allows; all rows are recorded.
    """
    name = str(flow_run.get_id())
    batch = spelled(batch, services.current().inbox.batches)
    logger = get_run_logger()
    progress = artifacts.Progress(batch)

    def show(run: BatchRun) -> None:
        if not run.is_scored:
            progress.count(run.done, run.waiting, is_final=run.listed_all)
            return
        if run.model is not None:
            logger.info("Scored with %s version %s.", run.model.name, run.model.version)
        events.batch_scored(batch, run.waiting)

    with heartbeats(name), services.current().lease(batch, name, wait_seconds):
        run = services.current().batch_scoring.run(
            batch,
            name,
            map=map_chunks,
            on_progress=show,
            close=close,
            rejects_again=rejects_again,
        )
    if run.receipt is None:
        listed, new = len(run.listing), run.waiting
        verdict = "open" if run.is_scored else UNFINISHED
        logger.info("%s: %d new of %d, left %s.", batch, new, listed, verdict)
        return {
            "batch": batch,
            "verdict": verdict,
            "listed": listed,
            "new": new,
            "missing": run.unavailable,
        }
    return _announce(run.receipt, is_new=run.receipt.run.name == name)


def _announce(receipt: Receipt, *, is_new: bool) -> dict[str, Any]:
    """Show the receipt; a batch that is not complete ends its run as failed.

    That state has a name of its own, so that people who were told of the batch are not told again
    that a run has failed. Who calls the flow gets the exception.
    """
    artifacts.publish_receipt(receipt)
    if is_new:
        events.batch_closed(receipt)
    is_complete = receipt.verdict == "complete"
    level = logging.INFO if is_complete else logging.ERROR
    get_run_logger().log(level, "%s: %s", receipt.batch, receipt.verdict_reason)
    if not is_complete:
        failure = BatchFailed(f"Batch {receipt.batch!r}: {receipt.verdict_reason}")
        state: Any = Failed(name=BATCH_FAILED, message=str(failure), data=failure)
        return state  # type: ignore[no-any-return]  # Prefect takes it for the run's own
    return receipt.summary()
