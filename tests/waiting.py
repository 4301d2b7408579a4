"""Waiting for what happens in other threads and processes."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Ask until the address answers; fail with the end of its log if it ends or is late."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not come up; the end of its log:\n{log.read_text()[-2000:]}")


def eventually(condition: Callable[[], object], complaint: str, seconds: float = 60) -> None:
    """Wait until a condition is true; fail with the complaint if it does not become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{complaint}, {seconds:g} s long"
        time.sleep(0.02)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now
