"""Who hands out chunks best: threads of one process, Dask workers or Ray workers.

    python -m benchmarks.fan_out [--objects 10000] [--workers 4]

Starts a store of its own, fills it with PNG files of 28x28 digits, and lets each scheduler score
the same objects by the same function in the same chunks, into results of its own. Before that it
hands out 200 chunks whose work is to do nothing: what a chunk costs beside its work. Ray takes part
after `make benchmark-ray`. The rows must be the same, whoever scored them.

The last line is one JSON object: `objects`, `workers`, `threads_per_second`, `dask_per_second`,
`ray_per_second`, `dask_chunk_ms`, `ray_chunk_ms`, `dask_start_seconds`, `ray_start_seconds`,
`dask_memory_bytes`, `ray_memory_bytes` (of all their processes together), `same_rows`; null for
what was not run.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from benchmarks.scoring import RAY_PYTHON, Benchmark
from infra.store import Store, running_store
from mnist.scoring.differences import content_name
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results

_BATCH = "objects"
_NAMES = ("threads", "dask", "ray")


def score(name: str, store: Store, folder: Path, workers: int) -> dict[str, float]:
    """Let one scheduler work in a process of its own and say what it took."""
    environment = os.environ | store.environment()
    environment |= {"MLFLOW_TRACKING_URI": "unset:", "MNIST_RESULTS_BUCKET": name}
    if name == "ray":  # its environment lacks what our chunk function imports
        paths = [str(Path.cwd()), sysconfig.get_path("purelib")]
        environment |= {
            "PYTHONPATH": os.pathsep.join(paths),
            "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        }
    python = str(RAY_PYTHON) if name == "ray" else sys.executable
    command = [python, "-m", "benchmarks.fan_out_schedulers", name, str(folder), _BATCH]
    done = subprocess.run(
        [*command, str(workers)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {name:8} {measured['per_second']:7,.0f} per second", flush=True)
    return measured


def rows_of(name: str, store: Store) -> str:
    """Name the rows that a scheduler's workers wrote by their content, but for the time."""
    rows = Results(Bucket.on_s3(store.settings(), name)).rows(_BATCH).sort_by("key")
    return content_name(rows.drop_columns(["scored_at"]))


def print_table(measured: dict[str, dict[str, float]]) -> None:
    """Print one row for each scheduler."""
    print("\n| who | images/s | ms per idle chunk | start s | memory MB |\n|---|---|---|---|---|")
    for name, each in measured.items():
        print(
            f"| {name} | {each['per_second']:,.0f} | {each['chunk_ms']:.1f} "
            f"| {each['start_seconds']:.1f} | {each['memory_bytes'] / 1e6:,.0f} |"
        )


def main() -> None:
    """Fill a store, let every scheduler work, compare the rows, end with the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    names = [name for name in _NAMES if name != "ray" or RAY_PYTHON.exists()]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_store(Path(folder) / "store", ("inbox", *names)) as store,
    ):
        benchmark = Benchmark(store, Path(folder))
        print("building the network, filling the store", flush=True)
        benchmark.build_network()
        benchmark.drop(_BATCH, options.objects)
        measured = {name: score(name, store, Path(folder), options.workers) for name in names}
        same = len({rows_of(name, store) for name in names}) == 1
    print_table(measured)
    others = [name for name in _NAMES if name != "threads"]
    units = ("per_second", "chunk_ms", "start_seconds", "memory_bytes")
    summary = {
        "objects": options.objects,
        "workers": options.workers,
        "threads_per_second": measured["threads"]["per_second"],
        **{f"{n}_{unit}": measured.get(n, {}).get(unit) for unit in units for n in others},
        "same_rows": same,
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
