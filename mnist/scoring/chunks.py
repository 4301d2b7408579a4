"""Scoring: from object versions to rows. Knows neither the store nor the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

import numpy as np
import pyarrow as pa

from mnist.digits import CLASSES, Image, Outcome, Outputs, Reason
from mnist.errors import Unavailable
from mnist.images import Decoded, Limits, Rejection, decode, preprocessing_digest
from mnist.keys import ObjectVersion, chunk_name
from mnist.scoring.fetching import Fetch, Fetched
from mnist.scoring.readings import PinnedModel, Predict
from mnist.scoring.rows import Content, Read, rows_of

_SLICE = 64
"""Object versions per unit of work of a reading thread, and images per call of the network."""

_MOST_UNAVAILABLE = 4
"""Objects of one chunk that may stay unavailable before the store counts as down."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A unit of work.

    Attributes:
        name: Of its result: the same work has the same name on every machine.
        batch: The batch it belongs to.
        model: What scores it.
        versions: Object versions to be scored.
    """

    name: str
    batch: str
    model: PinnedModel
    versions: tuple[ObjectVersion, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """An object version that has no row.

    Attributes:
        version: The object version.
        why: `superseded` or `vanished`; or the error for which a later run tries it again.
    """

    version: ObjectVersion
    why: Outcome | Unavailable


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """What became of a chunk.

    Attributes:
        rows: A table of schema ROWS, one row per object version that was scored or rejected.
        left: The other object versions of the chunk.
    """

    rows: pa.Table
    left: tuple[Left, ...]


def cut_chunks(
    versions: Iterable[ObjectVersion],
    batch: str,
    model: PinnedModel,
    images_per_chunk: int,
    again_after: str = "",
) -> Iterator[Chunk]:
    """Cut object versions into chunks, in the order of their keys as the store lists them.

    Args:
        versions: What wants an outcome; taken only as fast as chunks are.
        batch: The batch they belong to.
        model: What scores them.
        images_per_chunk: Object versions per chunk; the last one has fewer.
        again_after: Run after which rejected ones are scored again, so that the work has another
            name than the first time; empty for work that was never done.
    """
    rest = iter(versions)
    while piece := tuple(islice(rest, images_per_chunk)):
        name = chunk_name(piece, model.digest, preprocessing_digest(), again_after)
        yield Chunk(name, batch, model, piece)


def score_chunk(
    chunk: Chunk,
    *,
    fetch: Fetch,
    predict: Predict,
    threads: int,
    limits: Limits,
) -> ScoredChunk:
    """Fetch, decode and predict every object version of a chunk.

    Fetching and decoding run in threads while this one predicts; both sides release the GIL.

    Raises:
        Unavailable: If the store stops answering; nothing has been written then.
    """
    slices = [chunk.versions[i : i + _SLICE] for i in range(0, len(chunk.versions), _SLICE)]
    contents: list[Content] = []
    outputs = [Outputs(np.empty((0, CLASSES), np.float32), np.empty(0, np.float32))]
    ink = [np.empty(0)]
    left: list[Left] = []
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        for read in pool.map(lambda piece: _read(piece, fetch, limits), slices):
            contents += read.contents
            left += read.left
            _require_a_store(left)
            if read.pixels:
                images = np.stack(read.pixels)
                outputs.append(predict(images))
                ink.append(images.mean(axis=(1, 2)) / 255)
    model = chunk.model
    stamp = {
        "model_name": model.name,
        "model_version": model.version,
        "model_digest": model.digest,
        "preprocessing_digest": preprocessing_digest(),
        "batch": chunk.batch,
        "chunk": chunk.name,
        "scored_at": datetime.now(UTC),
    }
    read_all = Read(Outputs(*map(np.concatenate, zip(*outputs, strict=True))), np.concatenate(ink))
    return ScoredChunk(rows_of(contents, read_all, model, stamp), tuple(left))


@dataclass(slots=True)
class _ReadSlice:
    """What a slice of a chunk held; `pixels` are those of the contents without a reason."""

    contents: list[Content] = field(default_factory=list)
    pixels: list[Image] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def _read(versions: Sequence[ObjectVersion], fetch: Fetch, limits: Limits) -> _ReadSlice:
    read = _ReadSlice()
    wanted = [version for version in versions if 0 < version.size <= limits.max_bytes]
    answers = fetch(wanted)
    for version in versions:
        if version.size > limits.max_bytes:
            detail = f"{version.size} bytes; at most {limits.max_bytes} are read"
            read.contents.append(Content(version, 0, None, Reason.TOO_LARGE, detail))
            continue
        fetched = next(answers) if version.size else Fetched(b"", 0)
        match fetched.content:
            case bytes() as content:
                _decode(read, version, fetched.attempts, content, limits)
            case Rejection(reason, detail):
                read.contents.append(Content(version, fetched.attempts, None, reason, detail))
            case Outcome() as outcome:
                read.left.append(Left(version, outcome))
            case Unavailable() as error:
                read.left.append(Left(version, error))
    return read


def _decode(
    read: _ReadSlice, version: ObjectVersion, attempts: int, content: bytes, limits: Limits
) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    match decode(content, limits):
        case Rejection(reason, detail):
            read.contents.append(Content(version, attempts, sha256, reason, detail))
        case Decoded(pixels, warnings, pipeline, source):
            read.pixels.append(pixels)
            read.contents.append(
                Content(version, attempts, sha256, None, None, warnings, pipeline, source)
            )


def _require_a_store(left: Sequence[Left]) -> None:
    """Stop at once when so many objects are unavailable that it cannot be the objects."""
    errors = [each.why for each in left if isinstance(each.why, Unavailable)]
    if len(errors) > _MOST_UNAVAILABLE:
        raise errors[-1]
