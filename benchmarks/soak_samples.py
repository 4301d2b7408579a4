"""What a running stack holds at one moment: memory, file handles, sizes on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.services import WORKER
from infra.stack import Stack


@dataclass(frozen=True)
class Sample:
    """One moment; seconds since the start of the load, and by process what it holds."""

    seconds: float
    memory_mb: dict[str, float]
    handles: dict[str, int]
    prefect_mb: float
    mlflow_mb: float
    store_mb: float


def take(stack: Stack, directory: Path, seconds: float) -> Sample:
    """Look at every process of a stack, and at its folder of local state."""
    memory: dict[str, float] = {}
    handles: dict[str, int] = {}
    for health in stack.health():
        if health.state is None or not health.state.pid:
            continue
        main = psutil.Process(health.state.pid)
        # The worker's children are runs, which come and go.
        children = [] if health.service is WORKER else main.children(recursive=True)
        held = [_held(process) for process in (main, *children)]
        memory[health.service.name] = sum(each[0] for each in held) / 1e6
        handles[health.service.name] = sum(each[1] for each in held)
    return Sample(
        seconds,
        memory,
        handles,
        prefect_mb=_megabytes(directory.glob("prefect/prefect.db*")),
        mlflow_mb=_megabytes(directory.glob("mlflow/*.db*")),
        store_mb=_megabytes((directory / "store").rglob("*")),
    )


def _held(process: psutil.Process) -> tuple[int, int]:
    try:
        return process.memory_info().rss, process.num_fds()
    except psutil.NoSuchProcess:  # it ended since it was listed
        return 0, 0


def _megabytes(files: Iterable[Path]) -> float:
    total = 0
    for file in files:
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:  # databases tidy up between two looks
            continue
    return total / 1e6
