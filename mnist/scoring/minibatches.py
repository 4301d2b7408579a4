"""Mini-batches of a chunk: what one thread fetches and decodes at once.

A mini-batch is fetched whole and then decoded whole. Alternating, object by object, cost a third
more CPU time: between two requests the processor's caches forget the decoder, and threads that wait
for answers keep taking the interpreter from those that decode (docs/performance.md).
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from threading import BoundedSemaphore
from time import perf_counter, thread_time

from mnist.images import Limits, decode_native
from mnist.images.sandbox import seconds_waited
from mnist.keys import ObjectVersion
from mnist.places import by_picture, picture_of
from mnist.scoring.pictures import (
    Fetch,
    Fetched,
    LayoutOf,
    MiniBatch,
    known_answer,
    no_layouts,
    picture_to_fetch,
    take,
)

_MOST_IMAGES = 64
_MOST_BYTES = 4_000_000
"""What a mini-batch may hold in memory, unless one object alone is larger."""


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


def cut_minibatches(
    versions: Sequence[ObjectVersion], limits: Limits
) -> Iterator[list[ObjectVersion]]:
    """Cut object versions into mini-batches that fit into memory, in their order.

    What is cut out of one picture stays together, however many places it has.
    """
    group: list[ObjectVersion] = []
    held = 0
    for together in by_picture(versions):
        bytes_held = picture_of(together[0]).size
        size = bytes_held if bytes_held <= limits.max_bytes else 0  # larger ones are not read
        is_full = len(group) + len(together) > _MOST_IMAGES or held + size > _MOST_BYTES
        if group and is_full:
            yield group
            group, held = [], 0
        group += together
        held += size
    if group:
        yield group


def load_minibatch(
    versions: Sequence[ObjectVersion],
    fetch: Fetch,
    limits: Limits,
    allowance: Allowance,
    *,
    layout_of: LayoutOf = no_layouts,
    is_first: bool = True,
) -> MiniBatch:
    """Fetch and decode object versions; any number of threads may do so at once.

    Args:
        versions: The mini-batch.
        fetch: Where the bytes come from.
        limits: Of an image.
        allowance: What the chunk may use.
        layout_of: Where layouts come from.
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
    pictures = [picture_to_fetch(places, layout_of) for places in by_picture(versions)]
    answered = [known_answer(picture, limits) for picture in pictures]
    asked = [p.places[0] for p, answer in zip(pictures, answered, strict=True) if answer is None]
    answers: list[Fetched] = []
    for answer in fetch(asked):
        answers.append(answer)
        if allowance.is_over:
            break
    minibatch.fetch_seconds = perf_counter() - started
    with allowance.decoders:
        started = perf_counter()
        rest = iter(answers)
        fetched = [unasked or next(rest, None) for unasked in answered]
        natives = decode_native(
            [
                one.content if one and picture.layout is None else None
                for picture, one in zip(pictures, fetched, strict=True)
            ],
            limits,
        )
        for number, (picture, one, native) in enumerate(
            zip(pictures, fetched, natives, strict=True)
        ):
            if one is None or (allowance.is_over and (number or not is_first)):
                minibatch.put_off += chain.from_iterable(p.places for p in pictures[number:])
                break
            take(minibatch, picture, one, limits, native)
        minibatch.decode_seconds = perf_counter() - started
    minibatch.cpu_seconds = thread_time() + seconds_waited() - cpu_started
    return minibatch


@lru_cache(maxsize=1_000)
def _decoders(process_id: int, batch: str) -> BoundedSemaphore:  # noqa: ARG001 - the cache key
    """Let no more threads decode a batch at once than there are cores: more would only take turns.

    A fork gets its own.
    """
    return BoundedSemaphore(os.cpu_count() or 1)
