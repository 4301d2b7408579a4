"""The online API against the server of most tutorials: Flask and `keras predict`.

    python -m benchmarks.api [--seconds 10]

Both serve the network of the recipe `demo` (untrained, which is as fast as trained) on loopback and
read the same files, sent as a multipart file by a lean client in a process of its own: a PNG in
MNIST's format, and photos of 1 and 12 megapixels, drawn here. The latencies are those of one client
that sends one request after the other; the rates are those of 16 clients, of 64 with photos, and
count only what was answered. Memory is the largest that the server's processes had, all together.
The last line is one JSON object: requests_per_second, p50_ms, p99_ms, peer_requests_per_second, and
the same for each photo under `photos`, with peak_memory_bytes and refused, the share of requests
that got another answer than 200. Two to four minutes on two cores.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import httpx
import numpy as np
import psutil
from cv2.typing import MatLike

from benchmarks.network import write_network
from benchmarks.scoring_contenders import peak_bytes
from infra.ports import free_ports
from mnist.images.strokes import place

_WORKERS = 2
_SMALL = "28x28 PNG"
_PHOTOS = {"1 megapixel": (1_155, 866), "12 megapixels": (4_000, 3_000)}
_READY_SECONDS = 180


class Load(NamedTuple):
    """What a server did with one file, alone and together with others."""

    alone: dict[str, float]
    together: dict[str, float]
    memory: int


def write_files(folder: Path) -> dict[str, Path]:
    """Write a small digit, and photos of paper in sloping light with a digit on it."""
    digit = np.zeros((140, 140), np.uint8)
    cv2.putText(digit, "7", (30, 110), cv2.FONT_HERSHEY_SIMPLEX, 4, 255, 14)
    left, top, width, height = cv2.boundingRect(digit)
    small = place(digit[top : top + height, left : left + width])  # or it would be redrawn
    pictures: dict[str, tuple[MatLike, str]] = {_SMALL: (small, ".png")}
    dice = np.random.default_rng(0)
    for name, (width, height) in _PHOTOS.items():
        light = np.linspace(0.6, 1, width)[None] * 220 + dice.normal(0, 4, (height, width))
        paper = np.clip(light, 0, 255).astype(np.uint8)
        at, scale = (width // 3, 2 * height // 3), height / 60
        cv2.putText(paper, "7", at, cv2.FONT_HERSHEY_SIMPLEX, scale, 50, round(height / 40))
        pictures[name] = (cv2.cvtColor(paper, cv2.COLOR_GRAY2BGR), ".jpg")
    files = {}
    for name, (picture, suffix) in pictures.items():
        files[name] = folder / f"{name.replace(' ', '-')}{suffix}"
        files[name].write_bytes(cv2.imencode(suffix, picture)[1].tobytes())
    return files


def write_models(folder: Path) -> dict[str, str]:
    """Write one network as scoring graph and as Keras model."""
    graph, of_keras = write_network("demo", folder)
    return {"BENCHMARK_GRAPH": str(graph), "BENCHMARK_KERAS_MODEL": str(of_keras)}


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    """Run a server until the block ends."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"`{' '.join(command)}` did not come up.")
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def drive(port: int, file: Path, connections: int, seconds: float) -> dict[str, float]:
    """Let a client of its own process send requests."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), str(file)]
    said = subprocess.run(
        [*command, str(connections), str(seconds)], capture_output=True, check=True
    ).stdout
    measured: dict[str, float] = json.loads(said)
    return measured


def measure(
    command: list[str],
    port: int,
    environment: dict[str, str],
    files: dict[str, Path],
    seconds: float,
) -> dict[str, Load]:
    """Warm a server up, then send each file one by one, then by many clients at once."""
    loads = {}
    with running(command, port, environment) as server:
        for name, file in files.items():
            drive(port, file, 4, 1)
            alone = drive(port, file, 1, seconds)
            together = drive(port, file, 16 if name == _SMALL else 64, seconds)
            processes = [server, *server.children(recursive=True)]
            memory = sum(peak_bytes(process.pid) for process in processes)
            loads[name] = Load(alone, together, memory)
    return loads


def summary(ours: Load, peer: Load) -> dict[str, float]:
    """Reduce the loads of one file to the keys of the last line."""
    return {
        "requests_per_second": ours.together["requests_per_second"],
        "p50_ms": ours.alone["p50_ms"],
        "p99_ms": ours.alone["p99_ms"],
        "peer_requests_per_second": peer.together["requests_per_second"],
    }


def main() -> None:
    """Print one row for each server and file, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    our_port, peer_port = free_ports(2)
    serve = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.one_version:app"]
    serve += ["--no-access-log", f"--port={our_port}", f"--workers={_WORKERS}"]
    peer = [sys.executable, "-m", "benchmarks.flask_peer", str(peer_port)]
    results = {}
    print("| server | file | requests/s, many clients | p50 ms, 1 client | p99 ms | peak MB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        environment = write_models(Path(folder))
        files = write_files(Path(folder))
        for server, command, port in (
            ("this API", serve, our_port),
            ("Flask, keras predict", peer, peer_port),
        ):
            results[server] = measure(command, port, environment, files, seconds)
            for name, (alone, together, memory) in results[server].items():
                print(
                    f"| {server} | {name} | {together['requests_per_second']:.0f} "
                    f"| {alone['p50_ms']:.2f} | {alone['p99_ms']:.2f} | {memory / 1e6:,.0f} |",
                    flush=True,
                )
    ours, other = results.values()
    photos: dict[str, Any] = {
        name: {
            **summary(ours[name], other[name]),
            "peak_memory_bytes": ours[name].memory,
            "refused": ours[name].together["refused"],
        }
        for name in _PHOTOS
    }
    print(json.dumps({**summary(ours[_SMALL], other[_SMALL]), "photos": photos}))


if __name__ == "__main__":
    main()
