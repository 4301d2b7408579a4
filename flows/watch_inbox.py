"""Sweep the inbox: find batches with unrecorded images and score each."""

from __future__ import annotations

from prefect import flow, get_run_logger

from flows import wiring
from flows.score_batch import score_batch
from mnist.errors import LeaseHeld, MnistError


@flow(name="watch-inbox")
def watch_inbox() -> dict[str, str]:
    """Look at the whole inbox once and score every batch that has images without an outcome.

    The watcher process does the same about once a second; this flow is the safety net that runs
    on a schedule, and the way to sweep by hand.

    Returns:
        Batch name to what became of it.
    """
    logger = get_run_logger()
    outcome: dict[str, str] = {}
    for batch in wiring.new_sweeper().pending():
        if wiring.is_held(batch):
            outcome[batch] = "left alone: another run works on it"
            continue
        try:
            outcome[batch] = score_batch(batch, wait_seconds=0)["verdict"]
        except LeaseHeld as error:
            outcome[batch] = f"left alone: {error}"
        except MnistError as error:
            outcome[batch] = f"failed: {error}"
            logger.warning("Batch %s: %s", batch, error)
    logger.info("Swept the inbox: %s", outcome or "nothing new")
    return outcome
