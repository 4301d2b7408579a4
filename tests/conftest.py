"""Real services for tests: one S3 store, one MLflow server and one Prefect API per session."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from prefect.testing.utilities import prefect_test_harness

from infra.ports import free_ports
from infra.store import Store, create_buckets
from mnist.images import Limits
from mnist.services import Services
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.inbox import Inbox
from mnist.storage.layouts import StoredLayouts
from mnist.storage.pages import PageCounts
from mnist.storage.results import Results
from tests.buckets import FreshBuckets
from tests.factories import OneModel, services_of
from tests.ordering import longest_first
from tests.stores import STORES, chosen
from tests.waiting import wait_until_up

_MLFLOW_READY_SECONDS = 120

# Whether an example takes 100 or 400 ms says something about the machine, not about the code.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")

_STORES = {"store", "own_store", "rights_store", "running", "stack", "survived"}
"""Fixtures that are a running store, or something with one in it."""

_BROWSERS = {"address", "visit"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a running store or a browser; what takes long begins first."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        starts_its_own = "running_store" in item.function.__code__.co_names
        asks_for_it = "[store" in item.name  # a parameter, beside one that lives in memory
        if starts_its_own or asks_for_it or _STORES & {*item.fixturenames}:
            item.add_marker(pytest.mark.real_store)
        if _BROWSERS & {*item.fixturenames}:
            item.add_marker(pytest.mark.browser)
    items[:] = longest_first(items)


@pytest.fixture(autouse=True)
def _main_stays_main() -> Iterator[None]:
    """Undo what Streamlit's pages do to `__main__`: spawned processes would run the last page."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _few_drawn_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let gates draw few pictures: cutting 300 lines takes ten seconds, in every decision."""
    monkeypatch.setattr("mnist.operations.drawn_values._VALUES", 15)
    monkeypatch.setattr("mnist.operations.no_digits._PICTURES", 30)


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give Prefect a home of its own and keep everybody from phoning home."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect-home")))
    patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    patch.setenv("DO_NOT_TRACK", "1")
    yield
    patch.undo()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A real S3 server; which one, `tests.stores` says."""
    with STORES[chosen()](tmp_path_factory.mktemp("store")) as running:
        create_buckets(running.settings(), ["mlflow"])
        yield running


@pytest.fixture(scope="session")
def mlflow_uri(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server on SQLite with its artifacts in the store."""
    folder = tmp_path_factory.mktemp("mlflow")
    (port,) = free_ports(1)
    uri = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlflow",
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--workers",
                "1",
                "--backend-store-uri",
                f"sqlite:///{folder}/mlflow.db",
                "--artifacts-destination",
                "s3://mlflow/artifacts",
            ],
            env={
                **os.environ,
                **store.environment(),
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_up(f"{uri}/health", process, folder / "server.log", _MLFLOW_READY_SECONDS)
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[None]:
    """A real Prefect API on a database of its own."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="session")
def fresh_buckets(store: Store) -> Iterator[FreshBuckets]:
    """Buckets for the tests of this process."""
    made = FreshBuckets(store.settings())
    yield made
    made.close()


@pytest.fixture
def settings(store: Store, fresh_buckets: FreshBuckets, tmp_path: Path) -> Iterator[Settings]:
    """Settings that name the real store with buckets of this test's own."""
    with fresh_buckets.three() as (inbox_name, results_name, labels_name):
        yield Settings(
            **store.environment(),
            MLFLOW_TRACKING_URI="http://127.0.0.1:1",
            inbox_bucket=inbox_name,
            results_bucket=results_name,
            labels_bucket=labels_name,
            cache_dir=tmp_path / "cache",
            chunk_images=10,
            sweep_seconds=0.05,
            settle_seconds=0,
            cautious_confidence=0,
        )


@pytest.fixture
def inbox_bucket(settings: Settings) -> Bucket:
    """The bucket that a test drops images into."""
    return Bucket.on_s3(settings, settings.inbox_bucket)


@pytest.fixture
def results_bucket(settings: Settings) -> Bucket:
    """The bucket of rows, receipts, leases and the journal."""
    return Bucket.on_s3(settings, settings.results_bucket)


@pytest.fixture
def labels_bucket(settings: Settings) -> Bucket:
    """The bucket of reviews."""
    return Bucket.on_s3(settings, settings.labels_bucket)


@pytest.fixture
def inbox(inbox_bucket: Bucket, results_bucket: Bucket) -> Inbox:
    """The inbox over the real store."""
    layouts = StoredLayouts(results_bucket, Limits())
    return Inbox(inbox_bucket, page_counts=PageCounts(results_bucket), layouts=layouts)


@pytest.fixture
def results(results_bucket: Bucket) -> Results:
    """Results over the real store."""
    return Results(results_bucket)


@pytest.fixture
def registry(tmp_path: Path) -> OneModel:
    """A registry with one champion that reads drawn digits."""
    return OneModel(tmp_path)


@pytest.fixture
def services(
    settings: Settings, inbox: Inbox, results: Results, results_bucket: Bucket, registry: OneModel
) -> Services:
    """The services of a test: the buckets above, a small model."""
    parts = {"inbox": inbox, "results": results, "sure_bucket": results_bucket}
    return services_of(settings, registry=registry, **parts)
