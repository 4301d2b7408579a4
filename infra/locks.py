"""Locks between processes, which end with whoever holds them."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of a file, made if it is missing.

    Args:
        path: The file; a link is refused.
        on_wait: Called if another process holds it, before this one waits.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def one_start_at_a_time(say: Callable[[str], None]) -> Iterator[None]:
    """Let the stacks of one person start one after the other, wherever their folders are.

    Until its servers listen, the ports that a stack has chosen look free to the next one.
    """
    path = Path(tempfile.gettempdir()) / f"mnist-stack-starts-{os.getuid()}.lock"
    with locked(path, lambda: say("another stack of yours is starting; waiting for it")):
        yield
