"""What it costs to prepare the files that people have, beside only decoding them."""

import time
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import psutil

from mnist.images import decode
from mnist.images.formats import inspect
from mnist.images.header import Header
from mnist.images.results import Limits

_ROUNDS = 3


class Cost(NamedTuple):
    """Mean processor time for each file, in milliseconds.

    Attributes:
        prepared: From bytes to 28x28 pixels and warnings, decoder processes included.
        decoded: OpenCV's `imdecode` of the same files and nothing else.
    """

    prepared: float
    decoded: float


def files_in(folder: Path) -> dict[str, bytes]:
    """Read every image below a folder, by name.

    Raises:
        SystemExit: If there is none.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    contents = {path.name: path.read_bytes() for path in paths}
    images = {
        name: content
        for name, content in contents.items()
        if isinstance(inspect(content, Limits()), Header)
    }
    if not images:
        raise SystemExit(f"There is no image in {folder}; name a folder of photos or scans.")
    return images


def measured(files: dict[str, bytes]) -> Cost:
    """Prepare and decode in turns, one thread each; the better round counts."""
    cv2.setNumThreads(1)
    prepared, decoded = [], []
    for _ in range(_ROUNDS + 1):  # the first one loads libraries and starts decoder processes
        before = _cpu_seconds()
        for content in files.values():
            decode(content)
        between = _cpu_seconds()
        for content in files.values():
            cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        prepared.append(between - before)
        decoded.append(_cpu_seconds() - between)
    each = 1_000 / len(files)
    return Cost(min(prepared[1:]) * each, min(decoded[1:]) * each)


def _cpu_seconds() -> float:
    """CPU time of this process and of its decoder processes, in seconds."""
    children = psutil.Process().children()
    return time.process_time() + sum(
        child.cpu_times().user + child.cpu_times().system
        for child in children
        if "mnist.images.sandbox_child" in child.cmdline()
    )
