"""A watcher as a process of its own, with everything around it real."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

from mnist.storage.journal import Journal
from tests.registries import Registry


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
