"""Prefect is away when a run begins, or when it ends: the sweep tries again."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from prefect import tags
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    get_current_settings,
    temporary_settings,
)

from flows.support.shared_runs import SharedRuns
from flows.support.sweep import PREFECT_IS_AWAY, Sweep
from mnist import services
from mnist.operations.sweeping import Sweeper
from mnist.settings import Settings
from mnist.storage.results import Results
from tests.chaos.faults import nth
from tests.chaos.outcomes import BATCH, Outcome, count, images_read, read_again
from tests.chaos.proxy import FaultyProxy, faulty

_MOST_RUNS = 10
"""The fault costs one; without retries, so does each time that another writer locks SQLite."""


LARGE, SMALL = 10, 2_000
"""Images per chunk that make the batch a large one, with a run of its own, or a small one."""


@pytest.mark.parametrize(
    ("chunk_images", "moment", "path"),
    [
        (LARGE, "begins", r"/flow_runs/$"),
        (LARGE, "changes its state", r"/flow_runs/.*/set_state$"),
        (LARGE, "asks for a place", r"/concurrency_limits/increment-with-lease$"),
        (SMALL, "that is shared begins", r"/flow_runs/$"),
        (SMALL, "that is shared shows a receipt", r"/artifacts/$"),
        (SMALL, "that is shared logs", r"/logs/$"),
        (SMALL, "that is shared ends", r"/flow_runs/.*/set_state$"),
    ],
)
@pytest.mark.usefixtures("wired")
def test_prefect_is_away(
    chunk_images: int,
    moment: str,
    path: str,
    *,
    counted: tuple[Settings, FaultyProxy],
    dropped: int,
    results: Results,
    survived: Callable[[Outcome], None],
) -> None:
    settings, store = counted
    services.current().settings = settings.model_copy(
        update={"chunk_images": chunk_images, "settle_seconds": 1}
    )
    now = [0.0]
    sweeper = Sweeper(services.current(), clock=lambda: now[0])
    runs = 0
    with faulty(str(get_current_settings().api.url), "reset", nth(1, "POST", path)) as proxy:
        faced = {PREFECT_API_URL: f"{proxy.url}/api", PREFECT_CLIENT_MAX_RETRIES: 0}
        # A tag of its own: for each set of tags Prefect keeps one client, with the address and the
        # retries of whoever came first, and asks only now and then whether places are limited.
        with temporary_settings(faced), tags(moment), get_client(sync_client=True) as client:
            books = SharedRuns(client, "watch-inbox")
            sweep = Sweep(sweeper, books)
            while runs < _MOST_RUNS and (
                sweeper.open_batches or not results.receipts(BATCH) or not proxy.injected
            ):
                runs += 1
                now[0] += 60
                sweep.once()
                with suppress(*PREFECT_IS_AWAY):
                    books.tick(stopping=True)
            books.tick(stopping=True)
    rework = read_again(images_read(store), dropped)
    name = f"Prefect away as a run {moment}"
    survived(count(name, results, injected=proxy.injected, runs=runs, rework_chunks=rework))
