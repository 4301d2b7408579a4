"""The store is killed, and its disk is full: real processes of a store of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from infra.store import create_buckets, running_store
from mnist.errors import MnistError, Unavailable
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results
from tests.chaos.conftest import drop_batch
from tests.chaos.faults import recording_of
from tests.chaos.outcomes import CHUNK_IMAGES, Outcome, count, images_read, read_again
from tests.chaos.proxy import FaultyProxy, faulty
from tests.chaos.worker import work
from tests.factories import OneModel

Survived = Callable[[Outcome], None]


@contextmanager
def _own_store(folder: Path) -> Iterator[tuple[Settings, psutil.Process]]:
    """Run a store that may be killed; what the last one in that folder held is there."""
    before = set(psutil.Process().children())
    with running_store(folder) as store:
        (process,) = set(psutil.Process().children()) - before
        own = {"chunk_images": CHUNK_IMAGES, "inbox_bucket": "inbox-own"}
        settings = store.settings().model_copy(update=own)
        create_buckets(settings, [settings.inbox_bucket, settings.results_bucket])
        try:
            yield settings, process
        finally:
            process.kill()  # it would wait for kept connections


def _faced(settings: Settings, proxy: FaultyProxy) -> Settings:
    return settings.model_copy(update={"s3_endpoint_url": proxy.url})


def _results(settings: Settings) -> Results:
    return Results(Bucket.on_s3(settings, settings.results_bucket))


def test_the_store_is_killed_before_a_part_and_started_again(
    survived: Survived, tmp_path: Path
) -> None:
    registry = OneModel(tmp_path)
    with _own_store(tmp_path / "store") as (settings, process):
        dropped = drop_batch(Bucket.on_s3(settings, settings.inbox_bucket))
        with faulty(str(settings.s3_endpoint_url), "before", recording_of(3)) as proxy:
            proxy.happens = process.kill
            with pytest.raises(MnistError):
                work(_faced(settings, proxy), registry, "run-1")
        read = images_read(proxy)
    with _own_store(tmp_path / "store") as (settings, _):
        with faulty(str(settings.s3_endpoint_url), "meanwhile", lambda *_: False) as proxy:
            receipt = work(_faced(settings, proxy), registry, "run-2")
        assert receipt.run.rows_written == dropped - 2 * CHUNK_IMAGES, (
            "an acknowledged part is gone"
        )
        rework = read_again(read + images_read(proxy), dropped)
        name = "store SIGKILLed, started again"
        survived(count(name, _results(settings), injected=1, runs=2, rework_chunks=rework))


def test_the_disk_of_the_store_is_full(survived: Survived, tmp_path: Path) -> None:
    """No file of the store may grow by a byte (RLIMIT_FSIZE), until somebody makes room."""
    registry = OneModel(tmp_path)
    with _own_store(tmp_path / "store") as (settings, process):
        dropped = drop_batch(Bucket.on_s3(settings, settings.inbox_bucket))
        free = process.rlimit(psutil.RLIMIT_FSIZE)
        with faulty(str(settings.s3_endpoint_url), "meanwhile", recording_of(3)) as proxy:
            proxy.happens = lambda: process.rlimit(psutil.RLIMIT_FSIZE, (0, free[1]))
            with pytest.raises(Unavailable, match="500"):
                work(_faced(settings, proxy), registry, "run-1")
            process.rlimit(psutil.RLIMIT_FSIZE, free)
            work(_faced(settings, proxy), registry, "run-2")
        rework = read_again(images_read(proxy), dropped)
        name = "disk of the store full, then freed"
        survived(count(name, _results(settings), injected=1, runs=2, rework_chunks=rework))
