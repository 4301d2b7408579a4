"""How fast a batch is scored, beside the store's own speed and what else people write.

    python -m benchmarks.scoring [--objects 20000] [--curve 1000 10000 100000] [--images DIR]
        [--sheets 20]

Starts a store of its own, fills it with PNG files of 28x28 digits, builds an untrained network of
the `fast` recipe (weights do not change the time), and lets every contender work in a fresh process
on the same objects: raw GETs by obstore (the limit), ours from listing to receipt, boto3 + Pillow +
Keras in a loop and with a pool of threads (on a sample, as they are slow), Ray Data if
`make benchmark-ray` has installed it, and ours again on the same files in one zip archive.

With `--images`, the files in a folder, photos and scans of any kind, are scored as well by ours and
by the pool of threads, again and again until they are 1,000; and the processor time to prepare one
is measured beside OpenCV's `imdecode` alone.

With `--sheets`, so many sheets of 1,150 cells at 600 dpi are scored by ours too, beside the single
images, and it is counted how often was fetched and how many batches the network was shown.

The last line is one JSON object: `objects`, `limit_per_second`, `ours_per_second`,
`loop_per_second`, `pool_per_second`, `ray_per_second`, `zip_per_second`, `peak_memory_bytes` (of
ours), `share_of_limit`, `times_pool`, `times_ray`, `real_per_second`, `real_times_pool`,
`real_cpu_ms`, `real_decode_only_ms`, `pages_per_second`, `cells_per_second`, `fetches_per_page`,
`batches_per_page`; null for what was not run. The table also gives the CPU time
per object of contender and store, which other work on the machine disturbs less.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import psutil

from benchmarks import real_images as files
from benchmarks.deployed import data_dir
from benchmarks.scoring_sheets import SHEET_KEYS, measured_sheets
from infra.store import Store, running_store
from mnist.data.datasets import load_dataset
from mnist.storage.bucket import Bucket

RAY_PYTHON = Path(".cache/ray/bin/python")
_SAMPLES = {"loop": 100, "pool": 2_000, "ray": 2_000}
_REAL_FILES = 1_000
_REAL_KEYS = ("real_per_second", "real_times_pool", "real_cpu_ms", "real_decode_only_ms")
_TURNS = 2
"""How often the limit and ours are measured, in turns; the better one of each counts."""

_BUCKETS = ("inbox", *(f"results-{turn}" for turn in range(_TURNS)))


class Benchmark:
    """A store with images and a network, and contenders that work on them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            **store.environment(),
            "MLFLOW_TRACKING_URI": "unset:",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        self.bucket = Bucket.on_s3(store.settings(), "inbox")
        self._images = images()

    def build_network(self) -> None:
        """Write the network as Keras model and as scoring graph."""
        self._run([sys.executable, "-m", "benchmarks.network", "fast", str(self._folder)])

    def drop(self, batch: str, count: int) -> None:
        """Fill a folder of the inbox."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: self._drop_one(batch, i), range(count)))

    def drop_zip(self, batch: str, count: int) -> None:
        """Put the same images into one archive."""
        content = BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for i in range(count):
                archive.writestr(f"{i:07d}.png", self._images[i % len(self._images)])
        self.bucket.put(f"{batch}/images.zip", content.getvalue())

    def drop_files(self, batch: str, files: dict[str, bytes]) -> int:
        """Put files into a folder again and again; return how many there are."""
        rounds = -(-_REAL_FILES // len(files))
        for turn in range(rounds):
            for name, content in files.items():
                self.bucket.put(f"{batch}/{turn}/{name}", content)
        return rounds * len(files)

    def measure(self, contender: str, batch: str, count: int, turn: int = 0) -> dict[str, float]:
        """Let a contender work in a process of its own; in another turn nothing is scored yet."""
        module = "benchmarks.scoring_ray" if contender == "ray" else "benchmarks.scoring_contenders"
        python = RAY_PYTHON if contender == "ray" else sys.executable
        command = [str(python), "-m", module, contender, str(self._folder), batch, str(count)]
        before = store_cpu_seconds()
        results = {"MNIST_RESULTS_BUCKET": f"results-{turn}"}
        measured: dict[str, float] = json.loads(self._run(command, **results).splitlines()[-1])
        measured["store_cpu_seconds"] = store_cpu_seconds() - before
        measured["per_second"] = measured["objects"] / measured["seconds"]
        print(f"  {contender:6} {measured['per_second']:9,.0f} per second, {batch}", flush=True)
        return measured

    def _drop_one(self, batch: str, number: int) -> None:
        self.bucket.put(f"{batch}/{number:07d}.png", self._images[number % len(self._images)])

    def _run(self, command: list[str], **environment: str) -> str:
        whole = self._environment | environment
        done = subprocess.run(command, env=whole, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:4])} failed:\n{done.stderr[-3000:]}")
        return done.stdout


def limit_and_ours(benchmark: Benchmark, count: int) -> dict[str, dict[str, float]]:
    """Measure both in turns, so that other work on the machine hinders both, and keep the best."""
    best: dict[str, dict[str, float]] = {}
    for turn in range(_TURNS):
        for name in ("limit", "ours"):
            each = benchmark.measure(name, "objects", count, turn)
            if name not in best or each["per_second"] > best[name]["per_second"]:
                best[name] = each
    return best


def images() -> list[bytes]:
    """Encode test digits as PNG, about 300 bytes each."""
    test = load_dataset(data_dir()).test.images
    return [cv2.imencode(".png", image)[1].tobytes() for image in test]


def store_cpu_seconds() -> float:
    """CPU time that the store has used so far; it is the only child that lives on."""
    children = psutil.Process().children(recursive=True)
    return sum(each.cpu_times().user + each.cpu_times().system for each in children)


def real_images(benchmark: Benchmark, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Score the files of a folder; return the rows of the table and the keys of the last line."""
    contents = files.files_in(folder)
    count = benchmark.drop_files("real", contents)
    rows = {f"{name}, real": benchmark.measure(name, "real", count) for name in ("ours", "pool")}
    rates = [row["per_second"] for row in rows.values()]
    cost = files.measured(contents)
    print(f"  {cost.prepared:.2f} ms of CPU for each, {cost.decoded:.2f} ms to decode it alone")
    values = (rates[0], rates[0] / rates[1], round(cost.prepared, 2), round(cost.decoded, 2))
    return rows, dict(zip(_REAL_KEYS, values, strict=True))


def print_table(measured: dict[str, dict[str, float]]) -> None:
    """Print one row for each contender."""
    limit, ours = measured["limit"]["per_second"], measured["ours"]["per_second"]
    print(
        "\n| who | objects | per second | of the limit | ours is | CPU us: own | store "
        "| peak MB | cold start s |\n|---|---|---|---|---|---|---|---|---|"
    )
    for name, each in measured.items():
        print(
            f"| {name} | {each['objects']:,.0f} | {each['per_second']:,.0f} "
            f"| {each['per_second'] / limit:.0%} | {ours / each['per_second']:.2f}x "
            f"| {1e6 * each['cpu_seconds'] / each['objects']:,.0f} "
            f"| {1e6 * each['store_cpu_seconds'] / each['objects']:,.0f} "
            f"| {each['peak_bytes'] / 1e6:,.0f} | {each['cold_seconds']:.1f} |"
        )
    if "ray" not in measured:
        print("| ray | not installed: `make benchmark-ray` | | | | | | | |")


def summarise(measured: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Reduce the results to the keys of the last line."""
    rates = {name: each["per_second"] for name, each in measured.items()}
    ours = rates["ours"]
    return {
        "objects": int(measured["ours"]["objects"]),
        **{f"{name}_per_second": rates.get(name) for name in ("limit", "ours", "loop", "pool")},
        "ray_per_second": rates.get("ray"),
        "zip_per_second": rates.get("zip"),
        "peak_memory_bytes": int(measured["ours"]["peak_bytes"]),
        "share_of_limit": ours / rates["limit"],
        "times_pool": ours / max(rates["pool"], rates["loop"]),
        "times_ray": ours / rates["ray"] if "ray" in rates else None,
        **dict.fromkeys((*_REAL_KEYS, *SHEET_KEYS)),
    }


def main() -> None:
    """Fill the store, let everybody work, print the table, end with the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--images", type=Path, help="a folder of photos and scans")
    parser.add_argument("--curve", type=int, nargs="*", default=[], help="sizes for ours alone")
    parser.add_argument("--sheets", type=int, default=0, help="sheets of 1,150 cells")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_store(Path(folder) / "store", _BUCKETS) as store,
    ):
        benchmark = Benchmark(store, Path(folder))
        print("building the network, filling the store", flush=True)
        benchmark.build_network()
        benchmark.drop("objects", options.objects)
        benchmark.drop_zip("zip", options.objects)
        measured = limit_and_ours(benchmark, options.objects)
        for name, sample in _SAMPLES.items():
            if name != "ray" or RAY_PYTHON.exists():
                count = min(sample, options.objects)
                measured[name] = benchmark.measure(name, "objects", count)
        measured["zip"] = benchmark.measure("ours", "zip", options.objects)
        for size in options.curve:
            benchmark.drop(f"curve-{size}", size)
            measured[f"ours {size:,}"] = benchmark.measure("ours", f"curve-{size}", size)
        more: dict[str, Any] = {}
        if options.images:
            rows, more = real_images(benchmark, options.images)
            measured |= rows
        if options.sheets:
            rows, of_sheets = measured_sheets(benchmark.bucket, benchmark.measure, options.sheets)
            measured, more = measured | rows, more | of_sheets
        print_table(measured)
        print(json.dumps(summarise(measured) | more))


if __name__ == "__main__":
    main()
