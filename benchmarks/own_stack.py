"""A stack of one's own for a benchmark, with a champion in it, gone when the benchmark ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from infra import environment
from infra.stack import Stack


@contextmanager
def own_stack(
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[Stack, Path]]:
    """Start a stack in a folder of its own, run the demo in it, and stop it in the end.

    Args:
        settings: Settings of that stack, by the names of their variables.

    Yields:
        The stack and the folder with its data; its variables are in this process's environment.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and the stack is stopped on the way
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path must be short
        directory = Path(folder).resolve() / ".local"
        environment.prepare(Path.cwd(), directory, settings)
        stack = Stack(Path.cwd(), directory, say=print)
        try:
            os.environ |= environment.for_processes(stack.up())
            subprocess.run([sys.executable, "-m", "infra.demo"], check=True)
            yield stack, directory
        finally:
            stack.down()
