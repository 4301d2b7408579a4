"""Sweep the inbox: find batches with unrecorded images and score each."""

import time

from prefect import flow, get_run_logger
from prefect.context import SyncClientContext
from prefect.runtime import flow_run

from flows.support.books import OneRun
from flows.support.remedies import say_remedy
from flows.support.sweep import Sweep
from mnist import services


@flow(name="watch-inbox", flow_run_name="watch-inbox", on_failure=[say_remedy])
def watch_inbox() -> dict[str, str]:
    """Look at every batch of the inbox and score each image that has no outcome yet.

    The watcher process does the same about once a second; this flow is the safety net that runs
    on a schedule, and the way to sweep by hand. It ends when every batch it found has settled
    and has its receipt.

    Returns:
        Batch name to what became of it.

    Raises:
        NoChampion: If there is something to score and nothing to score it with.
        Unavailable: If the store or the registry does not answer.
    """
    sweeper = services.current().new_sweeper()
    with SyncClientContext.get_or_create() as prefect:
        sweep = Sweep(sweeper, OneRun(prefect.client, str(flow_run.get_id())))
        outcome = sweep.once()
        while sweeper.open_batches:
            time.sleep(services.current().settings.sweep_seconds)
            outcome |= sweep.once()
    get_run_logger().info("Swept the inbox: %s", outcome or "nothing new")
    return outcome
