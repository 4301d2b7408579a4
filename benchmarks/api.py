"""The online API against the server of most tutorials: Flask and `keras predict`.

    python -m benchmarks.api [--seconds 10]

Both serve the network of the recipe `demo` (untrained, which is as fast as trained) on loopback and
read the same 28x28 PNG, sent as a multipart file by a lean client in a process of its own. The
latencies are those of one client that sends one request after the other; the rates are those of 16.
The last line is one JSON object: requests_per_second, p50_ms, p99_ms, peer_requests_per_second.
About one minute on two cores.
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

import cv2
import httpx
import numpy as np

from infra.ports import free_ports
from mnist.scoring.graphs import export_graph
from mnist.training.models import assemble, build_body
from mnist.training.recipes import get_recipe

_WORKERS = 2
_READY_SECONDS = 180


def write_models(folder: Path) -> dict[str, str]:
    """Write one network as scoring graph and as Keras model."""
    model = assemble([build_body(get_recipe("demo"))], "demo")
    export_graph(model, folder / "model.onnx")
    model.save(folder / "model.keras")
    return {
        "BENCHMARK_GRAPH": str(folder / "model.onnx"),
        "BENCHMARK_KERAS_MODEL": str(folder / "model.keras"),
    }


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
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
        yield
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
    if measured["errors"]:
        raise SystemExit(f"{measured['errors']} requests were not answered with 200.")
    return measured


def measure(
    command: list[str], port: int, environment: dict[str, str], file: Path, seconds: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Warm a server up, then ask it one by one, then by 16 at once."""
    with running(command, port, environment):
        drive(port, file, 4, 1)
        return drive(port, file, 1, seconds), drive(port, file, 16, seconds)


def main() -> None:
    """Print one row per server, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    our_port, peer_port = free_ports(2)
    serve = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "benchmarks.one_version:app",
        "--no-access-log",
    ]
    commands = {
        "this API": ([*serve, f"--port={our_port}", f"--workers={_WORKERS}"], our_port),
        "Flask, keras predict": (
            [sys.executable, "-m", "benchmarks.flask_peer", str(peer_port)],
            peer_port,
        ),
    }
    results = {}
    print("| server | requests/s, 16 clients | p50 ms, 1 client | p99 ms, 1 client |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        environment = write_models(Path(folder))
        file = Path(folder, "seven.png")
        image = np.zeros((28, 28), np.uint8)
        cv2.putText(image, "7", (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
        file.write_bytes(cv2.imencode(".png", image)[1].tobytes())
        for name, (command, port) in commands.items():
            alone, together = measure(command, port, environment, file, seconds)
            results[name] = alone, together
            print(
                f"| {name} | {together['requests_per_second']:.0f} | {alone['p50_ms']:.2f} "
                f"| {alone['p99_ms']:.2f} |",
                flush=True,
            )
    alone, together = results["this API"]
    print(
        json.dumps(
            {
                "requests_per_second": together["requests_per_second"],
                "p50_ms": alone["p50_ms"],
                "p99_ms": alone["p99_ms"],
                "peer_requests_per_second": results["Flask, keras predict"][1][
                    "requests_per_second"
                ],
            }
        )
    )


if __name__ == "__main__":
    main()
