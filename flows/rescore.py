"""Rescore: batches that one version has scored are scored again by another, beside the old rows."""

from itertools import accumulate
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from flows.support import artifacts
from flows.support.parameters import OptionalVersion, Texts, Version, spelled
from flows.support.remedies import say_remedy
from flows.support.retries import retried_task
from flows.support.streaming import in_flight
from mnist import services
from mnist.operations.rescoring import Difference, RescorePlan
from mnist.scoring.chunks import Chunk

_CHUNKS_AT_ONCE = 2
_CHUNKS_IN_FLIGHT = 2 * _CHUNKS_AT_ONCE


@task(name="plan", cache_policy=NO_CACHE)
def make_plan(from_version: str, to_version: str, batches: list[str] | None) -> RescorePlan:
    """Find the batches, and pin the version that scores them again."""
    return services.current().rescoring.plan(from_version, to_version, batches)


@retried_task("score-chunk-again")
def score_chunk(plan: RescorePlan, chunk: Chunk) -> int:
    """Read, decode, predict and record one chunk."""
    services.current().rescoring.score(plan, chunk)
    return len(chunk.versions)


@task(name="difference", cache_policy=NO_CACHE)
def write_difference(plan: RescorePlan) -> Difference:
    """Compare old and new rows and write the difference file."""
    return services.current().rescoring.difference(plan)


@flow(
    name="rescore",
    flow_run_name="rescore-{from_version}",
    on_failure=[say_remedy],
    task_runner=ThreadPoolTaskRunner(max_workers=_CHUNKS_AT_ONCE),  # type: ignore[arg-type]  # invariant
)
def rescore(
    from_version: Version, to_version: OptionalVersion = "", batches: Texts = ()
) -> dict[str, Any]:
    """Score again, with another model version, what one version has scored.

    The new rows lie beside the old ones, under `rescores/` in the results bucket; nothing is
    overwritten. A difference file, as Parquet and as CSV, names every image whose prediction
    changes. Safe to repeat and to run twice at once.

    Args:
        from_version: Number of the version whose predictions are in doubt.
        to_version: Number of the version that scores again; empty means the champion.
        batches: Names of batches; none means all that hold predictions of `from_version`.

    Returns:
        How many were compared, changed and gone, and the keys of the difference file.

    Raises:
        InvalidInput: If a version does not exist, or both are the same.
        InvalidBatch: If `from_version` has scored nothing of a batch.
        NoChampion: If the champion is wanted and there is none.
    """
    logger = get_run_logger()
    chosen = [spelled(batch, services.current().inbox.batches) for batch in batches]
    plan = make_plan(from_version, to_version, chosen or None)
    logger.info(
        "Prediction %d batches of version %s again with version %s.",
        len(plan.batches),
        plan.old,
        plan.new.version,
    )
    for batch in plan.batches:
        missing = services.current().rescoring.missing(plan, batch)
        chunks = services.current().rescoring.chunks(plan, batch, missing)
        progress = artifacts.Progress(batch)
        counts = in_flight(lambda chunk: score_chunk.submit(plan, chunk), chunks, _CHUNKS_IN_FLIGHT)
        for done in accumulate(counts):
            progress.count(done, len(missing))
    difference = write_difference(plan)
    artifacts.publish_difference(plan, difference)
    logger.info(
        "%d compared, %d changed, %d gone: %s",
        difference.compared,
        difference.changed,
        difference.gone,
        difference.csv,
    )
    return difference.summary()
