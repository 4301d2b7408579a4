"""The registry is away, its file is not the one that was registered, or there is no room for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from mnist.errors import IntegrityError, MnistError, Unavailable
from mnist.registry.reader import RegistryReader
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.journal import Journal, JournalEntry
from mnist.storage.results import Results
from tests.chaos.outcomes import BATCH, Outcome, count, images_read, read_again
from tests.chaos.proxy import FaultyProxy, faulty
from tests.chaos.worker import GAVE_UP, start, work
from tests.registries import Registry

Survived = Callable[[Outcome], None]
Counted = tuple[Settings, FaultyProxy]


@pytest.fixture
def published(mlflow_uri: str, tmp_path: Path) -> Iterator[Registry]:
    """A registry with a champion, on a real MLflow server."""
    registry = Registry(mlflow_uri, tmp_path)
    registry.decide(registry.publish())
    yield registry
    registry.reader.close()


@contextmanager
def _reader(registry: Registry, url: str, cache: Path) -> Iterator[RegistryReader]:
    named = {"mlflow_tracking_uri": url, "cache_dir": cache}
    reader = RegistryReader(registry.settings.model_copy(update=named), registry.journal)
    try:
        yield reader
    finally:
        reader.close()


def _alias(_method: str, path: str, _time: int) -> bool:
    return path.endswith("/registered-models/alias")


def _graph(_method: str, path: str, _time: int) -> bool:
    return "/mlflow-artifacts/" in path


@pytest.mark.parametrize(
    ("name", "fault", "choice", "error"),
    [
        ("registry away as the champion is asked for", "reset", _alias, Unavailable),
        ("registry away as the graph is fetched", "reset", _graph, Unavailable),
        ("graph with one flipped byte from the registry", "flipped", _graph, IntegrityError),
    ],
)
def test_the_registry_is_away_or_hands_out_another_file(
    name: str,
    fault: str,
    choice: Callable[[str, str, int], bool],
    error: type[MnistError],
    *,
    published: Registry,
    counted: Counted,
    dropped: int,
    results: Results,
    survived: Survived,
    tmp_path: Path,
) -> None:
    (settings, store), cache = counted, tmp_path / "cache"
    with faulty(published.uri, fault, choice) as proxy:
        with _reader(published, proxy.url, cache) as reader, pytest.raises(error):
            work(settings, reader, "run-1")
        assert not [*cache.rglob("*.onnx")]
    assert not results.part_keys(BATCH)
    with _reader(published, published.uri, cache) as reader:
        work(settings, reader, "run-2")
    rework = read_again(images_read(store), dropped)
    survived(count(name, results, injected=proxy.injected, runs=2, rework_chunks=rework))


def test_one_byte_of_the_kept_graph_has_flipped(
    published: Registry,
    counted: Counted,
    dropped: int,
    results: Results,
    survived: Survived,
    tmp_path: Path,
) -> None:
    (settings, store), cache = counted, tmp_path / "cache"
    with _reader(published, published.uri, cache) as reader:
        kept = reader.graph(reader.champion())
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
        work(settings, reader, "run-1")
    rework = read_again(images_read(store), dropped)
    name = "graph with one flipped byte in the cache"
    survived(count(name, results, injected=1, runs=1, rework_chunks=rework))


def _reader_over(settings: Settings, entries: list[JournalEntry]) -> RegistryReader:
    """Make a registry in another process, with a journal of its own that says the same."""
    journal = Journal(Bucket.in_memory())
    for entry in entries:
        journal.append(lambda *_, entry=entry: entry)
    return RegistryReader(settings, journal)


def test_the_disk_of_the_worker_is_full(
    published: Registry,
    counted: Counted,
    dropped: int,
    results: Results,
    survived: Survived,
    tmp_path: Path,
) -> None:
    (settings, store), cache = counted, tmp_path / "cache"
    named = published.settings.model_copy(update={"cache_dir": cache})
    registry = partial(_reader_over, named, published.journal.entries())
    process = start(settings, registry, "run-1", disk_is_full=True)
    process.join()
    assert process.exitcode == GAVE_UP
    assert not [*cache.rglob("*.onnx"), *cache.rglob("*.partial")]
    with _reader(published, published.uri, cache) as reader:
        work(settings, reader, "run-2")
    rework = read_again(images_read(store), dropped)
    survived(count("worker's disk full", results, injected=1, runs=2, rework_chunks=rework))
