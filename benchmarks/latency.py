"""How long a dropped folder waits for its rows: `python -m benchmarks.latency --beside 100000`.

Starts a stack of its own with a champion in it. A folder of 20 images is dropped again and again;
the clock starts when the store has taken the last byte and stops when the rows of all 20 can be
read. First on the idle stack, then while a training runs, then beside large batches: zip archives
of so many images, one dropped as soon as the one before has its receipt. Their rate beside the
small folders is held against their rate alone, in the same run.

    --drops 50         folders dropped each time
    --beside 100000    images of a large batch; 0 leaves this out
    --no-training      leave the training out

The last line is one JSON object: `drops`, `p50_seconds`, `p95_seconds`,
`p50_while_training_seconds`, `p50_beside_seconds`, `p95_beside_seconds` and `large_batch_share`,
which is the rate of the large batches beside by their rate alone; null for what was left out.
Measured on your machine with whatever else runs there; the ratios say more than the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count, islice

import numpy as np

from benchmarks.large_batch import archive
from benchmarks.own_stack import own_stack
from infra.demo_images import demonstration_images
from infra.prefect_server import prefect_api
from mnist.data.datasets import load_dataset
from mnist.errors import MnistError, Unavailable
from mnist.settings import load_settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results

IMAGES = 20
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 120.0
_LARGE_PATIENCE_SECONDS = 1_800.0
_LONGEST_REST_SECONDS = 2.0
_LARGE_ALONE = 2


class Drops:
    """Drops folders and times their rows."""

    def __init__(self) -> None:
        settings = load_settings()
        self.inbox = Bucket.on_s3(settings, settings.inbox_bucket)
        self.results = Results(Bucket.on_s3(settings, settings.results_bucket))
        self.test = load_dataset(settings.data_dir).test
        self._images = list(islice(demonstration_images(self.test, IMAGES), IMAGES))
        self._mark = f"latency-{datetime.now(UTC):%Y%m%d-%H%M%S}"

    def time_one(self, name: str) -> float:
        """Drop one folder and return the seconds until its rows can be read.

        Raises:
            Unavailable: If they do not come.
        """
        batch = f"{self._mark}-{name}"
        for file, content in self._images:
            self.inbox.put(f"{batch}/{file}", content)
        started = time.perf_counter()
        while len(self.results.settled(batch)) < IMAGES:
            if time.perf_counter() - started > _PATIENCE_SECONDS:
                raise Unavailable(f"No rows of {batch} after {_PATIENCE_SECONDS:.0f} s; see status")
            time.sleep(_POLL_SECONDS)
        return time.perf_counter() - started

    def time_many(self, kind: str, drops: int, go_on: Callable[[], bool]) -> list[float]:
        """Drop folders with pauses of random length, so that no sweep falls into step.

        Args:
            kind: Goes into their names.
            drops: How many at the most.
            go_on: Asked before each.
        """
        seconds = []
        for number in range(drops):
            if not go_on():
                break
            seconds.append(self.time_one(f"{kind}-{number:02d}"))
            print(f"  {kind} {number + 1:2}: {seconds[-1]:.2f} s", flush=True)
            time.sleep(random.uniform(0, _LONGEST_REST_SECONDS))  # noqa: S311 -- no secret
        return seconds


class LargeBatches:
    """Drops one large batch after the other and measures images per second, drop to receipt."""

    def __init__(self, drops: Drops, images: int) -> None:
        self._drops = drops
        self._images = images
        self._archive = archive(drops.test.images, images)
        self._numbers = count()
        self._ending = threading.Event()
        self.rates: list[float] = []

    def score_one(self) -> float:
        """Drop a batch, wait for its receipt, return its rate.

        Raises:
            Unavailable: If there is no receipt.
        """
        batch = f"large-{next(self._numbers)}"
        self._drops.inbox.put(f"{batch}/images.zip", self._archive)
        self._drops.inbox.put(f"{batch}/_READY", b"")
        started = time.perf_counter()
        while not self._drops.results.receipts(batch):
            if time.perf_counter() - started > _LARGE_PATIENCE_SECONDS:
                raise Unavailable(f"Batch {batch} has no receipt; see the watcher's log")
            time.sleep(_POLL_SECONDS * 4)
        rate = self._images / (time.perf_counter() - started)
        print(f"  {batch}: {rate:,.0f} images per second", flush=True)
        return rate

    def __enter__(self) -> LargeBatches:
        self._thread = threading.Thread(target=self._go_on, name="large")
        self._thread.start()
        time.sleep(_LONGEST_REST_SECONDS)  # so that the first one is under way
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._ending.is_set():
            self.rates.append(self.score_one())


class Training:
    """A retraining of the deployment's own recipe, run by the worker."""

    def __init__(self) -> None:
        seed = f"seed={os.getpid()}"
        command = ["prefect", "deployment", "run", "retrain/default", "-p", "recipe=fast"]
        subprocess.run([*command, "-p", seed], check=True, stdout=subprocess.DEVNULL)
        while not self.is_running():
            time.sleep(0.5)

    def is_running(self) -> bool:
        """Say whether a network is being trained."""
        wanted = {
            "flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}},
            "flows": {"name": {"any_": ["retrain"]}},
            "task_runs": {"name": {"like_": "train"}, "state": {"type": {"any_": ["RUNNING"]}}},
        }
        return bool(prefect_api(os.environ).request("POST", "/task_runs/filter", wanted))


def main() -> int:
    """Measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--drops", type=int, default=50)
    parser.add_argument("--beside", type=int, default=100_000)
    parser.add_argument("--no-training", action="store_true")
    arguments = parser.parse_args()
    try:
        with own_stack():
            report = _measure(arguments)
    except MnistError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


def _measure(arguments: argparse.Namespace) -> dict[str, object]:
    drops = Drops()
    drops.time_one("warm-up")
    seconds = {"idle": drops.time_many("idle", arguments.drops, lambda: True)}
    share = None
    if arguments.beside:
        large = LargeBatches(drops, arguments.beside)
        large.score_one()  # starts the process for large batches
        alone = [large.score_one() for _ in range(_LARGE_ALONE)]
        with large:
            seconds["beside"] = drops.time_many("beside", arguments.drops, lambda: True)
        share = round(float(np.mean(large.rates) / np.mean(alone)), 3)
        print(
            f"{'large batch':15} alone {np.mean(alone):,.0f}, beside {np.mean(large.rates):,.0f}/s"
        )
    if not arguments.no_training:
        training = Training()
        seconds["while training"] = drops.time_many(
            "training", arguments.drops, training.is_running
        )
    for kind, measured in seconds.items():
        print(f"{kind:15} {_line(measured)}")
    return {
        "drops": arguments.drops,
        "p50_seconds": _percentile(seconds["idle"], 50),
        "p95_seconds": _percentile(seconds["idle"], 95),
        "p50_while_training_seconds": _percentile(seconds.get("while training"), 50),
        "p50_beside_seconds": _percentile(seconds.get("beside"), 50),
        "p95_beside_seconds": _percentile(seconds.get("beside"), 95),
        "large_batch_share": share,
    }


def _line(seconds: Sequence[float]) -> str:
    shares = " ".join(f"p{p} {_percentile(seconds, p):.2f}" for p in (5, 50, 95, 99))
    return f"{len(seconds):3} drops of {IMAGES} images: {shares}, longest {max(seconds):.2f} s"


def _percentile(seconds: Sequence[float] | None, percent: int) -> float | None:
    return round(float(np.percentile(seconds, percent)), 3) if seconds else None


if __name__ == "__main__":
    sys.exit(main())
