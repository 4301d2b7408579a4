"""The watcher process, killed in the middle of a batch, with everything around it real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

from mnist.keys import listing_digest
from mnist.storage.journal import Journal
from mnist.storage.results import Results
from tests.factories import png
from tests.registries import Registry

IMAGES = 1_500


@pytest.fixture
def environment(settings, store, mlflow_uri, prefect_api, tmp_path, monkeypatch, results_bucket):
    """Publish a champion and give the environment of a watcher that will find it."""
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    registry = Registry(mlflow_uri, tmp_path, Journal(results_bucket))
    registry.decide(registry.publish())
    registry.reader.close()
    return {
        **os.environ,
        **store.environment(),
        "MLFLOW_TRACKING_URI": mlflow_uri,
        "PREFECT_API_URL": str(get_current_settings().api.url),
        "MNIST_MODEL_NAME": registry.name,
        "MNIST_INBOX_BUCKET": settings.inbox_bucket,
        "MNIST_RESULTS_BUCKET": settings.results_bucket,
        "MNIST_CACHE_DIR": str(tmp_path / "cache"),
        "MNIST_CHUNK_IMAGES": "10",
        "MNIST_LEASE_SECONDS": "5",
        "MNIST_SWEEP_SECONDS": "0.2",
        "MNIST_SETTLE_SECONDS": "1",
    }


@contextmanager
def watcher(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a watcher until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "watcher"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool], log: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, (
            f"waited {seconds} s; its log ends:\n" + (log.read_text()[-3_000:])
        )
        time.sleep(0.05)


def more_than(parts: int, results: Results, log: Path) -> None:
    wait_until(lambda: len(results.part_keys("b")) > parts, log)


@pytest.mark.slow
def test_a_batch_whose_scorer_is_killed_twice_is_completed_with_no_key_twice(
    environment, inbox_bucket, results, tmp_path
):
    log = tmp_path / "watcher.log"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: inbox_bucket.put(f"b/{i:05d}.png", png(i % 10)), range(IMAGES)))

    for _ in range(2):
        with watcher(environment, log) as process:
            more_than(len(results.part_keys("b")), results, log)
            process.send_signal(signal.SIGKILL)
            process.wait()

    before = set(results.part_keys("b"))
    assert results.receipts("b") == [], "killed too late to show anything"
    with watcher(environment, log):
        wait_until(lambda: bool(results.receipts("b")), log)

    (receipt,) = results.receipts("b")
    keys = results.rows("b")["key"].to_pylist()
    assert receipt.listing.count == IMAGES
    assert receipt.is_balanced
    assert len(keys) == len(set(keys)) == IMAGES
    assert receipt.listing.digest == listing_digest(results.rows("b")["identity"].to_pylist())
    assert receipt.run.rows_written < IMAGES
    assert before < set(results.part_keys("b"))
