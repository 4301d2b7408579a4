"""Score one batch: list, subtract what is recorded, score the rest in chunks, write the receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows import artifacts, events, wiring
from flows.retries import is_worth_a_retry
from mnist.errors import BatchFailed
from mnist.keys import ObjectVersion
from mnist.operations.batches import RecordedChunk
from mnist.scoring.chunks import Chunk
from mnist.scoring.readings import PinnedModel
from mnist.scoring.receipts import Receipt

_CHUNKS_AT_ONCE = 2


@task(name="list", cache_policy=NO_CACHE)
def list_batch(batch: str) -> list[ObjectVersion]:
    """List every object version of the batch."""
    return wiring.batch_scoring().listed(batch)


@task(name="subtract", cache_policy=NO_CACHE)
def subtract_recorded(batch: str, listed: list[ObjectVersion]) -> list[ObjectVersion]:
    """Leave out the object versions that already have an outcome."""
    return wiring.batch_scoring().missing(batch, listed)


@task(
    name="score-chunk",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=[2, 8, 30],
    retry_jitter_factor=0.5,
    retry_condition_fn=is_worth_a_retry,
)
def score_chunk(chunk: Chunk, batch: str, model: PinnedModel) -> RecordedChunk:
    """Read, decode, predict and record one chunk."""
    return wiring.batch_scoring().score(chunk, batch, model)


@task(name="close", cache_policy=NO_CACHE)
def close_batch(
    batch: str,
    run: str,
    started_at: datetime,
    listed: list[ObjectVersion],
    done: list[RecordedChunk],
) -> Receipt:
    """Reconcile the listing with the rows in the store and write the receipt."""
    return wiring.batch_scoring().close(
        batch, run, started_at=started_at, listed=listed, recorded=done
    )


def _score_all(batch: str, missing: list[ObjectVersion]) -> list[RecordedChunk]:
    """Score what is missing, on one model version from the first chunk to the last."""
    model = wiring.batch_scoring().pinned_champion()
    get_run_logger().info("Scoring with %s version %s.", model.name, model.version)
    chunks = wiring.batch_scoring().chunks(missing, model)
    futures = [score_chunk.submit(chunk, batch, model) for chunk in chunks]
    progress = artifacts.Progress(batch, total=len(missing))
    done = []
    for future in as_completed(futures):
        recorded = future.result()
        done.append(recorded)
        progress.advance(sum(recorded.outcomes.values()))
    return done


@flow(
    name="score-batch",
    flow_run_name="score-{batch}",
    task_runner=ThreadPoolTaskRunner(max_workers=_CHUNKS_AT_ONCE),  # type: ignore[arg-type]
)
def score_batch(batch: str, wait_seconds: float = 600, close: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 -- a field of Prefect's form
    """Give every image of a batch an outcome, and write the receipt that proves it.

    Safe to repeat and to run twice at once: what is recorded is never recorded again.

    Args:
        batch: Name of a folder at the top of the inbox bucket, such as `scans-2026-11-20`.
        wait_seconds: How long to wait while another run works on the same batch.
        close: Write the receipt now. The watcher leaves that for when the batch has settled.

    Returns:
        The receipt's sums; while the batch is left open, how many images were listed and scored.

    Raises:
        InvalidBatch: If the folder does not exist or has no images.
        NoChampion: If no model has been promoted yet.
        LeaseHeld: If another run still works on the batch after the wait.
        BatchFailed: If more images were rejected than the limit allows; all rows are recorded.
    """
    run = str(flow_run.get_id())
    started_at = datetime.now(UTC)
    with wiring.lease(batch, run, wait_seconds):
        listed = list_batch(batch)
        missing = subtract_recorded(batch, listed)
        done = _score_all(batch, missing) if missing else []
        events.batch_scored(batch, len(missing))
        if not close:
            get_run_logger().info("%s: %d new of %d, left open.", batch, len(missing), len(listed))
            return {"batch": batch, "verdict": "open", "listed": len(listed), "new": len(missing)}
        receipt = close_batch(batch, run, started_at, listed, done)
    return _announce(receipt, is_new=receipt.run.name == run)


def _announce(receipt: Receipt, *, is_new: bool) -> dict[str, Any]:
    """Show the receipt; a batch with too many rejects ends its run as failed."""
    artifacts.publish_receipt(receipt)
    if is_new:
        events.batch_closed(receipt)
    get_run_logger().info("%s: %s", receipt.batch, receipt.verdict_reason)
    if receipt.verdict != "complete":
        raise BatchFailed(f"Batch {receipt.batch!r}: {receipt.verdict_reason}")
    return receipt.summary()
