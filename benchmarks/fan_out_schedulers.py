"""What `benchmarks.fan_out` measures, one scheduler per fresh process.

    python -m benchmarks.fan_out_schedulers NAME FOLDER BATCH WORKERS

scores a batch of the store that the environment names with the graph in FOLDER, and prints one JSON
object: per_second, chunk_ms, start_seconds, memory_bytes.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from benchmarks.scoring_contenders import scored_whole, scoring_by
from flows.support.streaming import in_flight
from mnist.operations.batches import BatchScoring
from mnist.scoring.chunks import Chunk, RecordedChunk, ScoreChunk
from mnist.settings import load_settings

_CHUNKS_AT_ONCE = 2
_IDLE_CHUNKS = 200

Submit = Callable[..., Any]


@cache
def scoring(folder: str) -> BatchScoring:
    """Make what scores, once in each process."""
    return scoring_by(Path(folder) / "model.onnx", load_settings())


def score_chunk(folder: str, chunk: Chunk) -> RecordedChunk:
    """Score and record a chunk: what every scheduler hands out."""
    return scoring(folder).score(chunk)


def get_ready(folder: str, chunk: Chunk) -> int:
    """Import and connect what scoring needs, and leave the next such call to another worker."""
    scoring(folder)
    time.sleep(0.5)
    return len(chunk.versions)


def do_nothing(chunk: Chunk) -> int:
    """Take a chunk and give back a number."""
    return len(chunk.versions)


@contextmanager
def threads(workers: int) -> Iterator[Submit]:  # noqa: ARG001 - as many as the flow has
    """Submit to threads of this process."""
    with ThreadPoolExecutor(_CHUNKS_AT_ONCE) as pool:
        yield pool.submit


@contextmanager
def dask(workers: int) -> Iterator[Submit]:
    """Submit to Dask workers of one thread each."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - the others do not need it

    options: dict[str, Any] = {"threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(n_workers=workers, **options) as cluster, Client(cluster) as client:
        yield partial(client.submit, pure=False)


@contextmanager
def ray(workers: int) -> Iterator[Submit]:
    """Submit to Ray workers of one core each."""
    import ray  # noqa: PLC0415 - in an environment of its own

    module = import_module("benchmarks.fan_out_schedulers")  # not __main__, which workers lack
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    works = (module.score_chunk, module.do_nothing, module.get_ready)
    tasks = {work.__name__: ray.remote(work) for work in works}

    class Future:
        """A reference with the verb that `in_flight` knows."""

        def __init__(self, reference: Any) -> None:
            self._reference = reference

        def result(self) -> Any:
            """Wait for the result."""
            return ray.get(self._reference)

    yield lambda work, *values: Future(tasks[work.__name__].remote(*values))
    ray.shutdown()


SCHEDULERS = {"threads": threads, "dask": dask, "ray": ray}


def memory_bytes() -> int:
    """Resident memory of this process and all that it has started."""
    process = psutil.Process()
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def start(submit: Submit, folder: str, chunk: Chunk, workers: int) -> float:
    """Give every worker a chunk to get ready with; return how long that took, in seconds."""
    began = time.perf_counter()
    for _ in in_flight(partial(submit, get_ready, folder), [chunk] * 2 * workers, 2 * workers):
        pass
    return time.perf_counter() - began


def hand_out(submit: Submit, chunk: Chunk, workers: int) -> float:
    """Hand out chunks of no work; return what one costs, in milliseconds."""
    began = time.perf_counter()
    for _ in in_flight(partial(submit, do_nothing), [chunk] * _IDLE_CHUNKS, 2 * workers):
        pass
    return (time.perf_counter() - began) * 1_000 / _IDLE_CHUNKS


def main() -> None:
    """Start the workers, hand out chunks of no work, then the batch; check that it is whole."""
    name, folder, batch, workers = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    measured: dict[str, float] = {}

    def timed(_score: ScoreChunk, chunks: Iterable[Chunk]) -> Iterator[RecordedChunk]:
        listed = list(chunks)
        began = time.perf_counter()
        with SCHEDULERS[name](workers) as submit:
            opened = time.perf_counter() - began
            measured["start_seconds"] = opened + start(submit, folder, listed[0], workers)
            measured["chunk_ms"] = hand_out(submit, listed[0], workers)
            began = time.perf_counter()
            yield from in_flight(partial(submit, score_chunk, folder), listed, 2 * workers)
            measured["seconds"] = time.perf_counter() - began
            measured["memory_bytes"] = memory_bytes()

    count = scored_whole(scoring(folder).run(batch, name, map=timed))
    seconds = measured.pop("seconds")
    print(json.dumps(measured | {"per_second": count / seconds}))


if __name__ == "__main__":
    main()
