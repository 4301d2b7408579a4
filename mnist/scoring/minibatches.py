"""Mini-batches of a chunk: what one thread fetches and decodes at once.

A mini-batch is fetched whole and then decoded whole. Alternating, object by object, cost a third
more CPU time: between two requests the processor's caches forget the decoder, and threads that wait
for answers keep taking the interpreter from those that decode (docs/performance.md).
"""

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
from mnist.images.archives import archive_advice
from mnist.keys import ObjectVersion
from mnist.scoring.rows import Content

_MOST_IMAGES = 64
_MOST_BYTES = 4_000_000
"""What a mini-batch may hold in memory, unless one object alone is larger."""


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
class Unscored:
    """An object version that has no row.

    Attributes:
        version: The object version.
        why: `superseded` or `vanished`; or the error for which a later run tries it again.
    """

    version: ObjectVersion
    why: Outcome | Unavailable


@dataclass(slots=True)
class MiniBatch:
    """What became of a mini-batch.

    Attributes:
        contents: Every object version that has an outcome.
        pixels: The images of those contents that have no reason.
        unscored: The other object versions.
        fetch_seconds: How long fetching took.
        decode_seconds: How long decoding took.
    """

    contents: list[Content] = field(default_factory=list)
    pixels: list[Image] = field(default_factory=list)
    unscored: list[Unscored] = field(default_factory=list)
    fetch_seconds: float = 0.0
    decode_seconds: float = 0.0


def cut_minibatches(
    versions: Sequence[ObjectVersion], limits: Limits
) -> Iterator[list[ObjectVersion]]:
    """Cut object versions into mini-batches that fit into memory, in their order."""
    group: list[ObjectVersion] = []
    held = 0
    for version in versions:
        size = version.size if version.size <= limits.max_bytes else 0  # larger ones are not read
        if group and (len(group) == _MOST_IMAGES or held + size > _MOST_BYTES):
            yield group
            group, held = [], 0
        group.append(version)
        held += size
    if group:
        yield group


def load_minibatch(versions: Sequence[ObjectVersion], fetch: Fetch, limits: Limits) -> MiniBatch:
    """Fetch and decode object versions; any number of threads may do so at once.

    Raises:
        Unavailable: If the store stops answering.
    """
    minibatch = MiniBatch()
    started = perf_counter()
    answers = iter([*fetch([version for version in versions if _is_fetched(version, limits)])])
    minibatch.fetch_seconds = perf_counter() - started
    with _decoders(os.getpid()):
        started = perf_counter()
        for version in versions:
            fetched = next(answers) if _is_fetched(version, limits) else _unasked(version, limits)
            _take(minibatch, version, fetched, limits)
        minibatch.decode_seconds = perf_counter() - started
    return minibatch


def _is_fetched(version: ObjectVersion, limits: Limits) -> bool:
    return 0 < version.size <= limits.max_bytes


def _unasked(version: ObjectVersion, limits: Limits) -> Fetched:
    """Answer for an object whose size says what becomes of it."""
    if not version.size:
        return Fetched(b"", 0)
    advice = archive_advice(version.key)
    detail = f"{version.size} bytes; at most {limits.max_bytes} are accepted{advice}"
    return Fetched(Rejection(Reason.TOO_LARGE, detail), 0)


def _take(minibatch: MiniBatch, version: ObjectVersion, fetched: Fetched, limits: Limits) -> None:
    result: Decoded | Rejection | Outcome | Unavailable
    sha256: str | None = None
    match fetched.content:
        case bytes() as content:
            sha256, result = hashlib.sha256(content).hexdigest(), decode(content, limits)
        case result:
            pass
    fields = version, fetched.attempts, sha256
    match result:
        case Decoded(pixels, warnings, pipeline, source):
            minibatch.pixels.append(pixels)
            minibatch.contents.append(Content(*fields, None, None, warnings, pipeline, source))
        case Rejection(reason, detail):
            minibatch.contents.append(Content(*fields, reason, detail))
        case why:
            minibatch.unscored.append(Unscored(version, why))


@lru_cache(maxsize=1)
def _decoders(process_id: int) -> BoundedSemaphore:  # noqa: ARG001 - a fork gets its own
    """Let no more threads decode at once than there are cores: more would only take turns."""
    return BoundedSemaphore(os.cpu_count() or 1)
