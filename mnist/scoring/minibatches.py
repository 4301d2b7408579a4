"""Slices of a chunk: what a reading thread takes at once.

A slice is fetched whole and then decoded whole. Alternating, object by object, cost a third more
CPU time: between two requests the processor's caches forget the decoder, and threads that wait for
answers keep taking the interpreter from those that decode (docs/performance.md).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import BoundedSemaphore
from time import perf_counter

from mnist.digits import Image, Outcome, Reason
from mnist.errors import Unavailable
from mnist.images import Decoded, Limits, Rejection, decode
from mnist.keys import ObjectVersion
from mnist.scoring.rows import Content

_MOST_IMAGES = 64
_MOST_BYTES = 4_000_000
"""What a slice may hold in memory, unless one object alone is larger."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What fetching one object version gave.

    Attributes:
        content: Its bytes; or why they are refused for good; or `superseded` or `vanished`; or
            the error after which it stays without an outcome until a later run.
        attempts: How often it was asked for, 1 or more.
    """

    content: bytes | Rejection | Outcome | Unavailable
    attempts: int = 1


Fetch = Callable[[Sequence[ObjectVersion]], Iterator[Fetched]]
"""Fetches object versions, one answer each in their order.

Raises Unavailable if the store is down.
"""


@dataclass(frozen=True, slots=True)
class Left:
    """An object version that has no row.

    Attributes:
        version: The object version.
        why: `superseded` or `vanished`; or the error for which a later run tries it again.
    """

    version: ObjectVersion
    why: Outcome | Unavailable


@dataclass(slots=True)
class ReadSlice:
    """What a slice held.

    Attributes:
        contents: Every object version that has an outcome.
        pixels: The images of those contents that have no reason.
        left: The other object versions.
        read_seconds: How long fetching took.
        decode_seconds: How long decoding took.
    """

    contents: list[Content] = field(default_factory=list)
    pixels: list[Image] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    read_seconds: float = 0.0
    decode_seconds: float = 0.0


def cut_slices(versions: Sequence[ObjectVersion], limits: Limits) -> Iterator[list[ObjectVersion]]:
    """Cut object versions into slices that fit into memory, in their order."""
    piece: list[ObjectVersion] = []
    held = 0
    for version in versions:
        size = version.size if version.size <= limits.max_bytes else 0  # larger ones are not read
        if piece and (len(piece) == _MOST_IMAGES or held + size > _MOST_BYTES):
            yield piece
            piece, held = [], 0
        piece.append(version)
        held += size
    if piece:
        yield piece


def read_slice(versions: Sequence[ObjectVersion], fetch: Fetch, limits: Limits) -> ReadSlice:
    """Fetch and decode object versions; any number of threads may do so at once.

    Raises:
        Unavailable: If the store stops answering.
    """
    read = ReadSlice()
    started = perf_counter()
    answers = iter([*fetch([each for each in versions if _is_read(each, limits)])])
    read.read_seconds = perf_counter() - started
    with _decoders(os.getpid()):
        started = perf_counter()
        for version in versions:
            if version.size > limits.max_bytes:
                detail = f"{version.size} bytes; at most {limits.max_bytes} are read"
                read.contents.append(Content(version, 0, None, Reason.TOO_LARGE, detail))
            else:
                _take(read, version, next(answers) if version.size else Fetched(b"", 0), limits)
        read.decode_seconds = perf_counter() - started
    return read


def _is_read(version: ObjectVersion, limits: Limits) -> bool:
    return 0 < version.size <= limits.max_bytes


def _take(read: ReadSlice, version: ObjectVersion, fetched: Fetched, limits: Limits) -> None:
    match fetched.content:
        case bytes() as content:
            read.contents.append(_decoded(read, version, fetched.attempts, content, limits))
        case Rejection(reason, detail):
            read.contents.append(Content(version, fetched.attempts, None, reason, detail))
        case Outcome() | Unavailable() as why:
            read.left.append(Left(version, why))


def _decoded(
    read: ReadSlice, version: ObjectVersion, attempts: int, content: bytes, limits: Limits
) -> Content:
    sha256 = hashlib.sha256(content).hexdigest()
    match decode(content, limits):
        case Rejection(reason, detail):
            return Content(version, attempts, sha256, reason, detail)
        case Decoded(pixels, warnings, pipeline, source):
            read.pixels.append(pixels)
            return Content(version, attempts, sha256, None, None, warnings, pipeline, source)


@lru_cache(maxsize=1)
def _decoders(process_id: int) -> BoundedSemaphore:  # noqa: ARG001 - a fork gets its own
    """Let no more threads decode at once than there are cores: more would only take turns."""
    return BoundedSemaphore(os.cpu_count() or 1)
