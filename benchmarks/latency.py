"""How long a dropped folder waits for its rows: `. .local/env && python -m benchmarks.latency`.

Runs against the local stack (`make up`) with a champion in it. A folder of 20 images is dropped
again and again; the clock starts when the store has taken the last byte and stops when the rows of
all 20 can be read. Then the same while a training runs, started here like any other.

    --drops 50     folders dropped on the idle stack
    --idle-only    leave the training out

The last line is one JSON object: `drops`, `p50_seconds`, `p95_seconds` and
`p50_while_training_seconds` (null with `--idle-only`). Measured on your machine with whatever else
runs there; the ratio of the two medians says more than either.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice

import numpy as np

from infra.demo_images import demonstration_images
from infra.prefect_server import prefect_api
from mnist.data.datasets import load_dataset
from mnist.errors import MnistError, Unavailable
from mnist.settings import load_settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results

IMAGES = 20
MOST_DROPS_WHILE_TRAINING = 50
_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 120.0
_LONGEST_REST_SECONDS = 2.0


class Drops:
    """Drops folders and times their rows."""

    def __init__(self) -> None:
        settings = load_settings()
        self._inbox = Bucket.on_s3(settings, settings.inbox_bucket)
        self._results = Results(Bucket.on_s3(settings, settings.results_bucket))
        test = load_dataset(settings.data_dir).test
        self._images = list(islice(demonstration_images(test, IMAGES), IMAGES))
        self._mark = f"latency-{datetime.now(UTC):%Y%m%d-%H%M%S}"

    def time_one(self, name: str) -> float:
        """Drop one folder and return the seconds until its rows can be read.

        Raises:
            Unavailable: If they do not come.
        """
        batch = f"{self._mark}-{name}"
        for file, content in self._images:
            self._inbox.drop(f"{batch}/{file}", content)
        started = time.perf_counter()
        while len(self._results.settled(batch)) < IMAGES:
            if time.perf_counter() - started > _PATIENCE_SECONDS:
                raise Unavailable(f"No rows of {batch} after {_PATIENCE_SECONDS:.0f} s; see status")
            time.sleep(_POLL_SECONDS)
        return time.perf_counter() - started

    def time_many(self, kind: str, count: int, go_on: Callable[[], bool]) -> list[float]:
        """Drop folders with pauses of random length, so that no sweep falls into step."""
        seconds = []
        for number in range(count):
            if not go_on():
                break
            seconds.append(self.time_one(f"{kind}-{number:02d}"))
            print(f"  {kind} {number + 1:2}: {seconds[-1]:.2f} s", flush=True)
            time.sleep(random.uniform(0, _LONGEST_REST_SECONDS))  # noqa: S311 -- no secret
        return seconds


class Training:
    """A retraining of the deployment's own recipe, run by the worker."""

    def __init__(self) -> None:
        command = ["prefect", "deployment", "run", "retrain/default", "-p", f"seed={os.getpid()}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        while self.epochs() == 0:
            time.sleep(0.5)

    def epochs(self) -> int:
        """Count running trainings that work on their network."""
        wanted = {
            "flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}},
            "flows": {"name": {"any_": ["retrain"]}},
            "task_runs": {"name": {"like_": "train"}, "state": {"type": {"any_": ["RUNNING"]}}},
        }
        return len(prefect_api(os.environ).request("POST", "/task_runs/filter", wanted))

    def is_running(self) -> bool:
        """Say whether the network is still being trained."""
        return self.epochs() > 0


def main() -> int:
    """Measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--drops", type=int, default=50)
    parser.add_argument("--idle-only", action="store_true")
    arguments = parser.parse_args()
    try:
        drops = Drops()
        drops.time_one("warm-up")
        idle = drops.time_many("idle", arguments.drops, lambda: True)
        trained = [] if arguments.idle_only else _while_training(drops)
    except MnistError as error:
        print(error, file=sys.stderr)
        return 1
    for kind, seconds in (("idle", idle), ("while training", trained)):
        if seconds:
            print(f"{kind:15} {_line(seconds)}")
    report = {
        "drops": len(idle),
        "p50_seconds": _percentile(idle, 50),
        "p95_seconds": _percentile(idle, 95),
        "p50_while_training_seconds": _percentile(trained, 50) if trained else None,
    }
    print(json.dumps(report))
    return 0


def _while_training(drops: Drops) -> list[float]:
    training = Training()
    return drops.time_many("training", MOST_DROPS_WHILE_TRAINING, training.is_running)


def _line(seconds: Sequence[float]) -> str:
    shares = " ".join(f"p{p} {_percentile(seconds, p):.2f}" for p in (5, 50, 95, 99))
    return f"{len(seconds):3} drops of {IMAGES} images: {shares}, longest {max(seconds):.2f} s"


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return round(float(np.percentile(seconds, percent)), 3)


if __name__ == "__main__":
    sys.exit(main())
