"""Prefect is away when a run begins, or when it ends: the sweep tries again."""

from collections.abc import Callable

import pytest
from prefect import tags
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    get_current_settings,
    temporary_settings,
)

from flows.support.sweep import Sweep
from mnist import services
from mnist.errors import Unavailable
from mnist.settings import Settings
from mnist.storage.results import Results
from tests.chaos.faults import nth
from tests.chaos.outcomes import BATCH, Outcome, count, images_read, read_again
from tests.chaos.proxy import FaultyProxy, faulty

_MOST_RUNS = 10
"""The fault costs one; without retries, so does each time that another writer locks SQLite."""


@pytest.mark.parametrize(
    ("moment", "path"),
    [
        ("begins", r"/flow_runs/$"),
        ("changes its state", r"/flow_runs/.*/set_state$"),
        ("asks for a place", r"/concurrency_limits/increment-with-lease$"),
    ],
)
@pytest.mark.usefixtures("wired")
def test_prefect_is_away(
    moment: str,
    path: str,
    *,
    counted: tuple[Settings, FaultyProxy],
    dropped: int,
    results: Results,
    survived: Callable[[Outcome], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, store = counted
    services.current().settings = settings
    sweep = Sweep(services.current().new_sweeper())
    runs = 0
    with faulty(str(get_current_settings().api.url), "reset", nth(1, "POST", path)) as proxy:
        faced = {PREFECT_API_URL: f"{proxy.url}/api", PREFECT_CLIENT_MAX_RETRIES: 0}
        # A tag of its own: for each set of tags Prefect keeps one client, with the address and the
        # retries of whoever came first, and asks only now and then whether places are limited.
        with temporary_settings(faced), tags(moment):
            while not results.receipts(BATCH) and runs < _MOST_RUNS:
                runs += 1
                try:
                    sweep.once(whole=True)
                except Unavailable:
                    continue
    rework = read_again(images_read(store), dropped)
    name = f"Prefect away as a run {moment}"
    survived(count(name, results, injected=proxy.injected, runs=runs, rework_chunks=rework))
