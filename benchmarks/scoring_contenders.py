"""What `benchmarks.scoring` measures, one contender per fresh process.

    python -m benchmarks.scoring_contenders NAME FOLDER BATCH LIMIT

reads what the benchmark has put into FOLDER (`model.onnx`, `model.keras`) and into the store that
the environment names, and prints one JSON object: objects, seconds, cpu_seconds (of this process,
while it worked), cold_seconds (from the start of the process to the first request) and peak_bytes
(resident memory).
"""

import hashlib
import io
import json
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from mnist.digits import SIDE, Images, Outputs
from mnist.operations.batch_runs import BatchRun
from mnist.operations.batches import BatchScoring
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.services import Services
from mnist.settings import Settings, load_settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.user_metadata import StoredObject

_THREADS = 8


class OneGraph:
    """A registry of one model, so that no MLflow is needed.

    Args:
        path: Of its scoring graph.
        kind: What runs the graph.
    """

    def __init__(self, path: Path, kind: type[Predictor] = Predictor) -> None:
        self._path = path
        self._kind = kind
        self._model = PinnedModel(
            "benchmark", "1", hashlib.sha256(path.read_bytes()).hexdigest(), accept_confidence=0.9
        )

    def champion(self) -> PinnedModel:
        """Give the one model."""
        return self._model

    def predictor(self, model: PinnedModel) -> Predictor:  # noqa: ARG002 - there is one
        """Give its graph."""
        return self._predictor

    @cached_property
    def _predictor(self) -> Predictor:
        return self._kind(self._path, self._model.digest)


CALLS = Counter[str]()
"""How often was fetched, and how often the network was shown images, where that is counted."""


class _CountedPredictor(Predictor):
    def outputs(self, images: Images) -> Outputs:
        CALLS.update(batches=1, images=len(images))
        return super().outputs(images)


class _CountedBucket(Bucket):
    def fetch_once(self, key: str, etag: str) -> StoredObject:
        CALLS["fetches"] += 1
        return super().fetch_once(key, etag)


class _CountedServices(Services):
    def bucket(self, name: str) -> Bucket:
        return _CountedBucket.on_s3(self.settings, name)


def scoring_by(graph: Path, settings: Settings, *, counted: bool = False) -> BatchScoring:
    """Make what scores, with the model of a file; `CALLS` says what it did if it is counted."""
    services = _CountedServices(settings) if counted else Services(settings)
    registry: Any = OneGraph(graph, _CountedPredictor if counted else Predictor)
    services.registry, services.sure_bucket = registry, services.results_bucket
    return services.batch_scoring


def scored_whole(run: BatchRun) -> int:
    """Return how many objects a run scored.

    Raises:
        SystemExit: Unless each of the batch was scored, and once.
    """
    receipt = run.receipt
    if receipt is None:
        raise SystemExit(f"batch {run.batch} has no receipt: it was not scored to its end")
    if not receipt.is_balanced or receipt.run.rows_written != receipt.listing.count:
        raise SystemExit(f"the batch was not scored once and whole: {receipt.summary()}")
    return receipt.listing.count


class Contender:
    """One process that does the work once and says what it cost."""

    def __init__(self, folder: Path, batch: str, limit: int) -> None:
        self.settings: Settings = load_settings()
        self.folder = folder
        self.batch = batch
        self.limit = limit

    def keys(self) -> list[str]:
        """List the objects, outside of the time that is measured."""
        bucket = Bucket.on_s3(self.settings, self.settings.inbox_bucket)
        pages = bucket.versions(f"{self.batch}/")
        return [v.key for v in islice(chain.from_iterable(pages), self.limit)]

    def raw_gets(self) -> Callable[[], int]:
        """Every object fetched by obstore and thrown away: what the store gives at most."""
        store = Bucket.on_s3(self.settings, self.settings.inbox_bucket)._data
        keys = self.keys()

        def work() -> int:
            with ThreadPoolExecutor(_THREADS) as pool:
                shares = [keys[i::_THREADS] for i in range(_THREADS)]
                return sum(pool.map(lambda s: len([store.get(k).bytes() for k in s]), shares))

        return work

    def sheets(self) -> Callable[[], int]:
        """The same as `ours`, for pictures that a layout cuts; what is done is counted."""
        return self.ours(counted=True)

    def ours(self, *, counted: bool = False) -> Callable[[], int]:
        """From listing to receipt: rows in Parquet, created once, reconciled."""
        import pandas  # noqa: F401, PLC0415 - pyarrow does so at its first array: cold start

        scoring = scoring_by(self.folder / "model.onnx", self.settings, counted=counted)

        def work() -> int:
            with ThreadPoolExecutor(2) as pool:  # as the flow does, without Prefect's own time
                run = scoring.run(
                    self.batch, f"benchmark-{time.time_ns()}", map=partial(windowed, pool)
                )
            return scored_whole(run)

        return work

    def loop(self) -> Callable[[], int]:
        """What tutorials do: one object after the other through boto3, Pillow and `predict`."""
        client, model, keys = control_client(self.settings), self._keras(), self.keys()

        def work() -> int:
            for key in keys:
                model.predict(self._boto3_image(client, key)[None], verbose=0)
            return len(keys)

        return work

    def pool(self) -> Callable[[], int]:
        """The same with a pool of threads for reading and one call of `predict` for all."""
        client, model, keys = control_client(self.settings), self._keras(), self.keys()

        def work() -> int:
            with ThreadPoolExecutor(_THREADS) as pool:
                images = np.stack(list(pool.map(lambda k: self._boto3_image(client, k), keys)))
            model.predict(images, batch_size=128, verbose=0)
            return len(keys)

        return work

    def _keras(self) -> Any:
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        import keras  # noqa: PLC0415 - four seconds that the other contenders do not pay

        model = keras.models.load_model(self.folder / "model.keras")
        model.predict(np.zeros((1, 28, 28), np.uint8), verbose=0)
        return model

    def _boto3_image(self, client: Any, key: str) -> Images:
        from PIL import Image  # noqa: PLC0415

        answer = client.get_object(Bucket=self.settings.inbox_bucket, Key=key)
        picture = Image.open(io.BytesIO(answer["Body"].read())).convert("L")
        return np.asarray(picture.resize((SIDE, SIDE)))  # the very same if it is of this size


def windowed(pool: ThreadPoolExecutor, work: Any, items: Iterator[Any]) -> Iterator[Any]:
    """Map with at most four items under way, in order."""
    waiting = [pool.submit(work, item) for item in islice(items, 4)]
    while waiting:
        yield waiting.pop(0).result()
        waiting += [pool.submit(work, item) for item in islice(items, 1)]


def peak_bytes(process: int | str = "self") -> int:
    """Largest resident memory of a process; Linux counts the parent's before exec otherwise."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    if found:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


CONTENDERS = {
    "limit": Contender.raw_gets,
    "ours": Contender.ours,
    "sheets": Contender.sheets,
    "loop": Contender.loop,
    "pool": Contender.pool,
}


def main() -> None:
    """Do the work once and print what it cost."""
    name, folder, batch, limit = sys.argv[1:]
    work = CONTENDERS[name](Contender(Path(folder), batch, int(limit)))
    cold = time.time() - psutil.Process().create_time()
    started, started_cpu = time.perf_counter(), time.process_time()
    objects = work()
    measured = {
        "objects": objects,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - started_cpu,
        "cold_seconds": cold,
        "peak_bytes": peak_bytes(),
        **CALLS,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
