"""The sweep of the watcher through faults at each of its steps, and its processes killed."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from flows.support.shared_runs import SharedRuns
from flows.support.sweep import Sweep
from mnist import services
from mnist.errors import Unavailable
from mnist.operations.sweeping import Sweeper
from mnist.services import Services
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results
from tests.chaos.faults import PART, nth
from tests.chaos.outcomes import BATCH, Outcome, count
from tests.chaos.proxy import faulty
from tests.watching import environment, wait_until, watcher  # noqa: F401 - the first is a fixture

Survived = Callable[[Outcome], None]

_SMALL = 2_000
_MOST_TURNS = 12


class Watching:
    """What the watcher does in a turn, on a clock that jumps a minute each time."""

    def __init__(self, parts: Services, client: SyncPrefectClient) -> None:
        self.now = 0.0
        self.turns = 0
        self.sweeper = Sweeper(parts, clock=lambda: self.now)
        self.books = SharedRuns(client, "watch-inbox")
        self.sweep = Sweep(self.sweeper, self.books)

    def turn(self) -> None:
        """Do all that is due, then end the runs that are over."""
        self.now += 60
        self.turns += 1
        try:
            self.sweep.once()
        except Unavailable:
            return  # the loop complains and tries again
        finally:
            self.books.tick(stopping=True)

    def until_closed(self, results: Results) -> None:
        """Take turns until the batch has a complete receipt."""
        while self.turns < _MOST_TURNS and not (
            (receipts := results.receipts(BATCH)) and receipts[-1].verdict == "complete"
        ):
            self.turn()


@pytest.fixture
def client(wired: Services) -> Iterator[SyncPrefectClient]:
    wired.settings = wired.settings.model_copy(update={"chunk_images": _SMALL, "settle_seconds": 1})
    with get_client(sync_client=True) as prefect:
        yield prefect


def watching_at(
    url: str, wired: Services, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> Watching:
    """Give a watcher whose store is behind a proxy."""
    faced = Services(wired.settings.model_copy(update={"s3_endpoint_url": url}))
    faced.registry = wired.registry
    monkeypatch.setattr(services, "current", lambda: faced)
    return Watching(faced, client)


STEPS = {
    "the list of folders": ("GET", r"^/inbox[\w-]*/?$"),
    "the listing of a folder": ("GET", r"^/inbox[\w-]*/?$", 2),
    "the lease": ("PUT", r"/leases/"),
    "giving the lease back": ("PUT", r"/leases/", 2),
    "an image": ("GET", r"/017\.png$"),
    "the part": ("PUT", PART),
    "fetching the part back": ("GET", PART),
    "the receipt": ("PUT", r"/receipts/"),
}


@pytest.mark.parametrize("fault", ["reset", "slow-down"])
@pytest.mark.parametrize("step", STEPS)
def test_the_store_fails_at_a_step_of_the_sweep(
    fault: str,
    step: str,
    *,
    wired: Services,
    client: SyncPrefectClient,
    dropped: int,
    results: Results,
    survived: Survived,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method, path, *number = STEPS[step]
    choice = nth(number[0] if number else 1, method, path)
    with faulty(str(wired.settings.s3_endpoint_url), fault, choice) as proxy:
        watching = watching_at(proxy.url, wired, client, monkeypatch)
        watching.until_closed(results)
        injected = proxy.injected
    name = f"sweep, {fault}: {step}"
    turns = watching.turns
    survived(count(name, results, injected=injected, runs=turns, rework_chunks=0))


def test_two_watchers_by_mistake(
    wired: Services, client: SyncPrefectClient, dropped: int, results: Results, survived: Survived
) -> None:
    wired.settings = wired.settings.model_copy(update={"chunk_images": 10})
    both = [Watching(wired, client) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda watching: watching.until_closed(results), both))
    turns = sum(watching.turns for watching in both)
    survived(count("two watchers by mistake", results, injected=1, runs=turns, rework_chunks=0))


@pytest.mark.parametrize("kind", ["no JSON", "another's JSON", "empty"])
def test_foreign_objects_lie_in_every_folder_of_ours(
    kind: str,
    *,
    wired: Services,
    client: SyncPrefectClient,
    results_bucket: Bucket,
    dropped: int,
    results: Results,
    survived: Survived,
) -> None:
    content = {"no JSON": b"\x00remember", "another's JSON": b'{"run": 1}', "empty": b""}[kind]
    places = [f"leases/{BATCH}.json", f"receipts/{BATCH}/notes.json", "journal/notes.json"]
    for place in [*places, "leases/notes", "receipts/notes", "scores/notes", "notes"]:
        results_bucket.put(place, content)
    watching = Watching(wired, client)
    watching.until_closed(results)
    name = f"foreign objects among ours: {kind}"
    turns = watching.turns
    survived(count(name, results, injected=len(places), runs=turns, rework_chunks=0))


def test_the_watcher_sleeps_for_a_day_between_rows_and_receipt(
    wired: Services, client: SyncPrefectClient, dropped: int, results: Results, survived: Survived
) -> None:
    wired.settings = wired.settings.model_copy(update={"settle_seconds": 3_600})
    watching = Watching(wired, client)
    watching.turn()
    assert results.receipts(BATCH) == []
    watching.now += 86_400
    watching.until_closed(results)
    name, turns = "the machine sleeps between rows and receipt", watching.turns
    survived(count(name, results, injected=1, runs=turns, rework_chunks=0))


def test_every_chunk_takes_too_long(
    wired: Services, client: SyncPrefectClient, dropped: int, results: Results, survived: Survived
) -> None:
    wired.settings = wired.settings.model_copy(update={"chunk_seconds": 1e-9})
    watching = Watching(wired, client)
    watching.until_closed(results)
    turns = watching.turns
    survived(
        count("every chunk takes too long", results, injected=dropped, runs=turns, rework_chunks=0)
    )


@pytest.mark.slow
def test_the_process_of_a_large_batch_is_killed(
    environment: dict[str, str],  # noqa: F811 - the fixture
    dropped: int,
    results: Results,
    survived: Survived,
    tmp_path: Path,
) -> None:
    log = tmp_path / "watcher.log"
    with watcher(environment | {"MNIST_CHUNK_IMAGES": "5"}, log) as process:
        wait_until(lambda: bool(results.part_keys(BATCH)), log)
        beside = [
            child
            for child in psutil.Process(process.pid).children()
            if "spawn_main" in " ".join(child.cmdline())
        ]
        for child in beside:
            child.send_signal(signal.SIGKILL)
        wait_until(lambda: bool(results.receipts(BATCH)), log)
        assert process.poll() is None, "it took the watcher with it"
    name, killed = "process of a large batch SIGKILLed", len(beside)
    survived(count(name, results, injected=killed, runs=2, rework_chunks=0))
