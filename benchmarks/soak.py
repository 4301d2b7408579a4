"""Does anything grow that should not? Everyday load on a stack of its own.

    python -m benchmarks.soak [--minutes 60]

Starts a stack in a temporary folder, trains a champion, and then for so long drops folders, asks
the API, opens the dashboard's pages in Chromium and retrains, all at once and through the doors
that people use. Memory, file handles and sizes on disk are sampled meanwhile.

    --minutes 60           how long, after the champion is there
    --drop-seconds 5       pause between two folders of 20 images
    --request-seconds 0.2  pause between two requests to the API
    --look-seconds 10      pause between two pages
    --retrain-seconds 600  pause between two retrainings

Memory is the sum of resident pages, so what processes share counts more than once; a run of the
worker is left out, as it ends. Growth is the slope after the first quarter, which warms up. The
last line is one JSON object: `minutes`, `batches`, `images`, `lost`, `api_requests`, `api_errors`,
`page_views`, `page_errors`, `retrainings`, `prefect_kb_per_folder`, and `memory_mb`, `handles`,
`prefect_mb`, `mlflow_mb`, `store_mb` as a list of the first sample after the first quarter and the
last one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.own_stack import own_stack
from benchmarks.soak_load import Load, Pauses
from benchmarks.soak_samples import Sample, take
from infra.stack import Stack
from mnist.errors import MnistError
from mnist.settings import load_settings

_SAMPLE_SECONDS = 5.0
_SIZES = ("prefect_mb", "mlflow_mb", "store_mb")


def main() -> int:
    """Soak, print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--drop-seconds", type=float, default=5)
    parser.add_argument("--request-seconds", type=float, default=0.2)
    parser.add_argument("--look-seconds", type=float, default=10)
    parser.add_argument("--retrain-seconds", type=float, default=600)
    asked = parser.parse_args()
    pauses = Pauses(
        asked.drop_seconds, asked.request_seconds, asked.look_seconds, asked.retrain_seconds
    )
    try:
        with own_stack() as (stack, directory):
            samples, load = _soak(stack, directory, asked.minutes, pauses)
    except MnistError as error:
        print(error, file=sys.stderr)
        return 1
    _show(samples)
    growth = {"prefect_kb_per_folder": _kilobytes_per_folder(samples, load["batches"])}
    print(json.dumps({"minutes": asked.minutes} | load | growth | _ends(samples)))
    return 0


def _soak(
    stack: Stack, directory: Path, minutes: float, pauses: Pauses
) -> tuple[list[Sample], dict[str, int]]:
    samples = []
    load = Load(load_settings(), os.environ, pauses)
    with load:
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < minutes * 60:
            samples.append(take(stack, directory, elapsed))
            print(f"{elapsed:6.0f} s  {load.so_far()}", flush=True)
            time.sleep(_SAMPLE_SECONDS)
        samples.append(take(stack, directory, time.monotonic() - started))
    return samples, load.outcome()


def _kilobytes_per_folder(samples: Sequence[Sample], folders: int) -> float | None:
    """Say what Prefect's database keeps of a folder, its runs of other flows included."""
    grown = samples[-1].prefect_mb - samples[0].prefect_mb
    return round(grown * 1_000 / folders, 1) if folders else None


def _warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    return samples[len(samples) // 4 :]


def _show(samples: Sequence[Sample]) -> None:
    warm = _warm(samples)
    hours = [sample.seconds / 3_600 for sample in warm]
    print(
        f"{'':11}{'memory MB':>11}{'last':>8}{'most':>8}{'per hour':>10}{'handles':>9}{'last':>6}"
    )
    for name in warm[0].memory_mb:
        memory = [sample.memory_mb[name] for sample in warm]
        handles = [sample.handles[name] for sample in warm]
        slope = float(np.polyfit(hours, memory, 1)[0])
        most = max(sample.memory_mb[name] for sample in samples)
        print(
            f"{name:11}{memory[0]:11.0f}{memory[-1]:8.0f}{most:8.0f}{slope:+10.0f}"
            f"{handles[0]:9}{handles[-1]:6}"
        )
    print(f"{'':11}{'MB':>11}{'last':>8}{'':8}{'per hour':>10}")
    for name in _SIZES:
        sizes = [getattr(sample, name) for sample in warm]
        slope = float(np.polyfit(hours, sizes, 1)[0])
        print(f"{name:11}{sizes[0]:11.1f}{sizes[-1]:8.1f}{'':8}{slope:+10.1f}")


def _ends(samples: Sequence[Sample]) -> dict[str, list[float]]:
    ends = [_warm(samples)[0], samples[-1]]
    return {
        "memory_mb": [round(sum(each.memory_mb.values())) for each in ends],
        "handles": [sum(each.handles.values()) for each in ends],
    } | {name: [round(getattr(each, name), 1) for each in ends] for name in _SIZES}


if __name__ == "__main__":
    sys.exit(main())
