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
from time import perf_counter, thread_time

from mnist.digits import Image, Outcome, Reason
from mnist.errors import Unavailable
from mnist.images import Decoded, Limits, Rejection, SeveralPages, decode
from mnist.images.archives import archive_advice
from mnist.images.sandbox import seconds_waited
from mnist.keys import ObjectVersion, is_archive_key
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
        metadata: User metadata of the object as JSON text; None if there are none.
    """

    content: bytes | Rejection | Outcome | Unavailable
    attempts: int = 1
    metadata: str | None = None


Fetch = Callable[[Sequence[ObjectVersion]], Iterator[Fetched]]
"""Fetches object versions, one answer each in their order.

Raises Unavailable if the store is down.
"""


Paged = tuple[ObjectVersion, int]
"""A file with several pages, and how many."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """An object version that has no row.

    Attributes:
        version: The object version.
        why: `superseded` or `vanished`; or the error for which a later run tries it again.
    """

    version: ObjectVersion
    why: Outcome | Unavailable


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the work on a chunk may use.

    Attributes:
        decoders: Held while decoding. Each batch has its own, so that a batch of images that take
            long to decode keeps no other waiting.
        ends_at: Time (`perf_counter`) after which no further image is begun.
    """

    decoders: BoundedSemaphore
    ends_at: float

    @classmethod
    def of(cls, batch: str, seconds: float) -> "Allowance":
        """Give a chunk of a batch so much time from now."""
        return cls(_decoders(os.getpid(), batch), perf_counter() + seconds)

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return perf_counter() >= self.ends_at


@dataclass(slots=True)
class MiniBatch:
    """What became of a mini-batch.

    Attributes:
        contents: Every object version that has an outcome.
        pixels: The images of those contents that have no reason.
        paged: Files with several pages, which want an outcome instead of them, and how many.
        unscored: Object versions without an outcome.
        put_off: Those that were not begun because the time was over.
        fetch_seconds: How long fetching took.
        decode_seconds: How long decoding took.
        cpu_seconds: Processor time of both, and the time waited for decoder processes.
    """

    contents: list[Content] = field(default_factory=list)
    pixels: list[Image] = field(default_factory=list)
    paged: list[Paged] = field(default_factory=list)
    unscored: list[Unscored] = field(default_factory=list)
    put_off: list[ObjectVersion] = field(default_factory=list)
    fetch_seconds: float = 0.0
    decode_seconds: float = 0.0
    cpu_seconds: float = 0.0


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


def load_minibatch(
    versions: Sequence[ObjectVersion],
    fetch: Fetch,
    limits: Limits,
    allowance: Allowance,
    *,
    is_first: bool = True,
) -> MiniBatch:
    """Fetch and decode object versions; any number of threads may do so at once.

    Args:
        versions: The mini-batch.
        fetch: Where the bytes come from.
        limits: Of an image.
        allowance: What the chunk may use.
        is_first: Whether it is the first of its chunk, of which one image is taken in any case, so
            that every chunk gets somewhere.

    Raises:
        Unavailable: If the store stops answering.
    """
    minibatch = MiniBatch()
    if allowance.is_over and not is_first:
        minibatch.put_off += versions
        return minibatch
    started, cpu_started = perf_counter(), thread_time() + seconds_waited()
    answers: list[Fetched] = []
    for answer in fetch([version for version in versions if _is_fetched(version, limits)]):
        answers.append(answer)
        if allowance.is_over:
            break
    minibatch.fetch_seconds = perf_counter() - started
    with allowance.decoders:
        started = perf_counter()
        rest = iter(answers)
        for number, version in enumerate(versions):
            fetched = (
                next(rest, None) if _is_fetched(version, limits) else _unasked(version, limits)
            )
            if fetched is None or (allowance.is_over and (number or not is_first)):
                minibatch.put_off += versions[number:]
                break
            _take(minibatch, version, fetched, limits)
        minibatch.decode_seconds = perf_counter() - started
    minibatch.cpu_seconds = thread_time() + seconds_waited() - cpu_started
    return minibatch


def _is_fetched(version: ObjectVersion, limits: Limits) -> bool:
    # Of an archive only the table of contents is read, and what is wrong with it is found there.
    opened = is_archive_key(version.key) and "!" not in version.etag
    return version.size > 0 and (opened or version.size <= limits.max_bytes)


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
    fields = version, fetched.attempts, sha256, fetched.metadata
    match result:
        case Decoded(pixels, warnings, pipeline, source):
            minibatch.pixels.append(pixels)
            minibatch.contents.append(Content(*fields, None, None, warnings, pipeline, source))
        case SeveralPages(pages=pages):
            minibatch.paged.append((version, pages))
        case Rejection(reason, detail):
            minibatch.contents.append(Content(*fields, reason, detail))
        case why:
            minibatch.unscored.append(Unscored(version, why))


@lru_cache(maxsize=1_000)
def _decoders(process_id: int, batch: str) -> BoundedSemaphore:  # noqa: ARG001 - the cache key
    """Let no more threads decode a batch at once than there are cores: more would only take turns.

    A fork gets its own.
    """
    return BoundedSemaphore(os.cpu_count() or 1)
