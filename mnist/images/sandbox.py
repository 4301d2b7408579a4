"""Decode in a process of its own, so that a crash or a bomb costs one image and not the worker.

Which images need it, and why not all: plain 8-bit PNG, JPEG and uncompressed BMP of moderate size
are nearly all that people have, their structure was checked chunk by chunk, and libpng and
libjpeg-turbo are the most fuzzed decoders there are; a process for each would cost more than the
whole prediction. All else (TIFF, WEBP, HEIC, GIF, JPEG with many scans, interlaced, deep, CMYK or
large) goes through a few long-lived children without secrets, files or much memory.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from threading import BoundedSemaphore, Lock, Timer, local
from time import perf_counter
from typing import IO

from mnist.digits import Reason
from mnist.errors import Unavailable
from mnist.images.results import Plane, Rejection
from mnist.images.sandbox_protocol import (
    READY,
    Answer,
    BrokenAnswer,
    Request,
    read_answer,
    write_request,
)

SECONDS_PER_IMAGE = 20.0
SECONDS_TO_START = 60.0
_MOST_CHILDREN = 16
"""More than cores, because one batch of slow images must not occupy all of them; a batch decodes no
more images at once than there are cores."""

_ATTEMPTS = 2
_MOST_SLOW_PAGES = 2
_TOO_SLOW = "Two pages of the file took too long, so the others were not tried."
_UNCLEAR = Rejection(Reason.CORRUPT, "The decoder answered with a number instead of a page.")
_waits = local()
COMMAND = (sys.executable, "-m", "mnist.images.sandbox_child")


class Child:
    """One decoder process, used by one thread at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_bare_environment(),
        )
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018 - both are PIPE
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout
        self._timed_out = False
        self._longest_side = 0  # of the pictures that were asked for
        timer = self._deadline(SECONDS_TO_START)
        ready = self._answers.read(len(READY))
        timer.cancel()
        if ready != READY:
            self.close()
            raise Unavailable(
                f"The image decoder did not start (exit code {self._process.returncode}); run "
                f"`{' '.join(command)}` to see why."
            )

    def ask(self, request: Request, seconds: float) -> Answer:
        """Ask for one picture, or for several; return the first answer.

        Raises:
            BrokenAnswer: If the process died over it; this child is of no more use.
        """
        return self._within(seconds, request)

    def answer(self, seconds: float) -> Answer:
        """Return the next answer to what was asked; errors as in `ask`."""
        return self._within(seconds, None)

    def _within(self, seconds: float, request: Request | None) -> Answer:
        timer = self._deadline(seconds)
        try:
            if request is not None:
                write_request(self._requests, request)
                self._longest_side = request.limits.longest_side
            return read_answer(self._answers, self._longest_side)
        except (BrokenAnswer, OSError) as error:
            self.close()
            if self._timed_out:
                return Rejection(Reason.CORRUPT, _slow(seconds))
            raise BrokenAnswer(f"exit code {self._process.returncode}: {error}") from error
        finally:
            timer.cancel()

    @property
    def alive(self) -> bool:
        """Whether it can take another image."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process and its pipes; safe to repeat."""
        self._process.kill()
        self._process.wait()
        self._answers.close()
        try:
            self._requests.close()
        except BrokenPipeError:
            return  # what was still buffered for a dead process is of no interest

    def _deadline(self, seconds: float) -> Timer:
        timer = Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        return timer

    def _expire(self) -> None:
        self._timed_out = True
        self._process.kill()


class Sandbox:
    """A few children, started when first needed and kept for the next image.

    Args:
        command: What a child runs; it speaks `sandbox_protocol` on its standard streams.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._idle: list[Child] = []
        self._lock = Lock()
        self._free = BoundedSemaphore(_MOST_CHILDREN)

    def decode(self, request: Request, seconds: float = SECONDS_PER_IMAGE) -> Answer:
        """Decode one image, or learn how many pages it has; tried once more after a crash.

        Raises:
            Unavailable: If no decoder process can be started; no fault of the image.
        """
        (answer,) = self._answered(request, 1, seconds)
        return answer

    def pages(
        self, request: Request, seconds: float = SECONDS_PER_IMAGE
    ) -> Iterator[Plane | Rejection]:
        """Decode the pages that are asked for, one answer each in their order.

        The file is sent once. A page over which the decoder dies or is too slow costs that page;
        after a second one that is too slow, the others are rejected for it.

        Raises:
            Unavailable: As in `decode`.
        """
        asked = slow = 0
        while asked < len(request.pages):
            rest = request._replace(pages=request.pages[asked:])
            if slow == _MOST_SLOW_PAGES:
                yield from [Rejection(Reason.CORRUPT, _TOO_SLOW)] * len(rest.pages)
                return
            for answer in self._answered(rest, len(rest.pages), seconds):
                asked += 1
                slow += isinstance(answer, Rejection) and answer.detail == _slow(seconds)
                yield _UNCLEAR if isinstance(answer, int) else answer

    def _answered(self, request: Request, count: int, seconds: float) -> Iterator[Answer]:
        """Yield the answers of one child; fewer than `count`, but one at least, if it ends.

        A crash before the first answer is tried once more, because memory may have been short.
        """
        problem = ""
        with self._free:
            for _ in range(_ATTEMPTS):
                child = self._take()
                answered = 0
                try:
                    while answered < count and (child.alive or not answered):
                        answer = self._timed(child, None if answered else request, seconds)
                        answered += 1
                        yield answer
                except BrokenAnswer as error:
                    problem = str(error)
                    if answered:
                        return
                    continue
                finally:
                    self._put_back(child) if answered == count else child.close()
                return
        yield Rejection(
            Reason.CORRUPT, f"The {request.image_format} decoder died over the image ({problem})."
        )

    def _timed(self, child: Child, request: Request | None, seconds: float) -> Answer:
        started = perf_counter()
        try:
            return child.answer(seconds) if request is None else child.ask(request, seconds)
        finally:
            _waits.seconds = seconds_waited() + perf_counter() - started

    def close(self) -> None:
        """End all idle children."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.close()

    def _take(self) -> Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            return Child(self._command)
        except OSError as error:
            raise Unavailable(f"No image decoder process can be started: {error}.") from error

    def _put_back(self, child: Child) -> None:
        if child.alive:
            with self._lock:
                self._idle.append(child)
        else:
            child.close()


def _slow(seconds: float) -> str:
    return f"Decoding took longer than {seconds:g} s."


def seconds_waited() -> float:
    """Say for how long this thread has waited for decoder processes by now."""
    return float(getattr(_waits, "seconds", 0.0))


def sandbox() -> Sandbox:
    """Return the sandbox of this process; a forked process gets its own."""
    return _sandbox_of(os.getpid())


@lru_cache(maxsize=1)
def _sandbox_of(process_id: int) -> Sandbox:  # noqa: ARG001 - the cache key
    children = Sandbox()
    atexit.register(children.close)
    return children


def _bare_environment() -> dict[str, str]:
    """Keep credentials out of the process that reads hostile bytes."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**kept, **single, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
