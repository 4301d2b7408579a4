"""Several at once: two workers on one chunk, two clocks, an alias that moves, odd events."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.compute as pc
import pytest

from mnist.operations.sweeping import Sweeper
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.inbox import Inbox
from mnist.storage.notifications import Notice
from mnist.storage.results import Results
from tests.chaos.faults import recording_of
from tests.chaos.outcomes import BATCH, Outcome, count, images_read, read_again
from tests.chaos.proxy import faulty
from tests.chaos.worker import start, work, work_without_lease
from tests.factories import OneModel, SeveralModels, png, services_of
from watcher.notification_queue import NotificationQueue

_SKEW_SECONDS = 600
"""Stores refuse requests that were signed more than 15 minutes from their own time."""

Survived = Callable[[Outcome], None]


def _faced(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"s3_endpoint_url": url})


def test_two_workers_on_one_chunk(
    settings: Settings, dropped: int, results: Results, survived: Survived, tmp_path: Path
) -> None:
    registry = OneModel(tmp_path)
    with faulty(str(settings.s3_endpoint_url), "meanwhile", recording_of(1)) as proxy:
        faced = _faced(settings, proxy.url)
        proxy.happens = lambda: work_without_lease(faced, registry, "run-2")
        first = work(faced, registry, "run-1")
        rework = read_again(images_read(proxy), dropped)
    assert first.run.rows_written == 0  # the other one was faster with each
    survived(count("two workers on one chunk", results, injected=1, runs=2, rework_chunks=rework))


@pytest.mark.parametrize("ahead", [-_SKEW_SECONDS, _SKEW_SECONDS], ids=["behind", "ahead"])
def test_clocks_that_differ_by_ten_minutes(
    ahead: int,
    settings: Settings,
    inbox_bucket: Bucket,
    dropped: int,
    results: Results,
    survived: Survived,
    tmp_path: Path,
) -> None:
    """One clock is wrong, so that a live lease looks expired to the other worker."""
    registry = OneModel(tmp_path)
    with faulty(str(settings.s3_endpoint_url), "meanwhile", recording_of(2)) as proxy:
        faced = _faced(settings, proxy.url)
        wrong = partial(start, faced, partial(OneModel, tmp_path), clock_seconds=ahead)
        if ahead > 0:
            proxy.happens = lambda: wrong("wrong-clock").join()
            work(faced, registry, "right-clock")
        else:
            proxy.happens = lambda: work(faced, registry, "right-clock")
            wrong("wrong-clock").join()
        inbox_bucket.put(f"{BATCH}/late.png", png(3))
        work(faced, registry, "late")
        rework = read_again(images_read(proxy), dropped + 1)
        assert proxy.injected == 1
    last = results.receipts(BATCH)[-1]
    assert (last.run.name, last.listing.count) == ("late", dropped + 1)
    name = f"clock of one worker ten minutes {'ahead' if ahead > 0 else 'behind'}"
    survived(count(name, results, injected=1, runs=3, rework_chunks=rework))


def test_the_alias_moves_in_the_middle_of_a_batch(
    settings: Settings, dropped: int, results: Results, survived: Survived, tmp_path: Path
) -> None:
    registry = SeveralModels(tmp_path)
    with faulty(str(settings.s3_endpoint_url), "meanwhile", recording_of(2)) as proxy:
        proxy.happens = lambda: setattr(registry, "champion_version", "2")
        work(_faced(settings, proxy.url), registry, "run-1")
        rework = read_again(images_read(proxy), dropped)
    assert pc.unique(results.rows(BATCH)["model_version"]).to_pylist() == ["1"]
    survived(count("alias moves in a batch", results, injected=1, runs=1, rework_chunks=rework))


def test_the_alias_moves_as_a_worker_is_killed(
    settings: Settings, dropped: int, results: Results, survived: Survived, tmp_path: Path
) -> None:
    registry = SeveralModels(tmp_path)
    with faulty(str(settings.s3_endpoint_url), "after", recording_of(2)) as proxy:
        faced = _faced(settings, proxy.url)
        victim = start(faced, partial(SeveralModels, tmp_path), "run-1")
        proxy.happens = victim.kill
        victim.join()
        registry.champion_version = "2"
        receipt = work(faced, registry, "run-2")
        rework = read_again(images_read(proxy), dropped)
    assert [(model.version, model.rows) for model in receipt.models] == [("1", 20), ("2", 21)]
    survived(
        count(
            "alias moves as a worker is killed", results, injected=2, runs=2, rework_chunks=rework
        )
    )


@pytest.mark.parametrize("delivered", ["never", "three times each", "again after the receipt"])
def test_events_are_only_hints(
    delivered: str,
    settings: Settings,
    inbox: Inbox,
    inbox_bucket: Bucket,
    dropped: int,
    results: Results,
    survived: Survived,
    tmp_path: Path,
) -> None:
    now = [0.0]
    seconds = {"sweep_seconds": 1, "settle_seconds": 10, "longest_open_seconds": 100}
    parts = services_of(settings.model_copy(update=seconds))
    sweeper = Sweeper(parts, clock=lambda: now[0])
    bell, registry = NotificationQueue(), OneModel(tmp_path)
    notices = [Notice(each.key, each.etag) for page in inbox.versions(BATCH) for each in page]
    worked = []

    def sweep() -> None:
        for batch in bell.wait(0):
            sweeper.expect(batch)
        for batch in sweeper.due():
            if sweeper.begin(batch) and sweeper.look(batch):
                worked.append(f"run-{len(worked) + 1}")
                work(_faced(settings, proxy.url), registry, worked[-1])
            sweeper.done(batch, closed=False)

    with faulty(str(settings.s3_endpoint_url), "meanwhile", lambda *_: False) as proxy:
        for time in range(3 if delivered == "three times each" else 1):
            if delivered != "never":
                bell.put(notices)
            sweep()
            now[0] += time
        if delivered == "again after the receipt":
            bell.put([Notice(each.key, "again") for each in notices])
            sweep()
        rework = read_again(images_read(proxy), dropped)
    assert worked == ["run-1"]
    name = f"events delivered {delivered}"
    survived(count(name, results, injected=1, runs=1, rework_chunks=rework))
