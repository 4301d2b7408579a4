"""Scoring: from object versions to rows. Knows neither the store nor the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import cv2
import pyarrow as pa

from mnist.digits import Outcome, Reason
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.images import Decoded, Limits, Rejection, decode, preprocessing_digest
from mnist.keys import ObjectVersion, chunk_name
from mnist.scoring.readings import PinnedModel, Predict, Reading, read_digits
from mnist.tables import PROBABILITY_COLUMNS, ROWS

_SLICE = 64
"""Object versions per unit of work of a reading thread, and images per call of the network."""

_SETTLED = (Outcome.SCORED, Outcome.REJECTED)

Read = Callable[[ObjectVersion], bytes]
"""Reads exactly one object version; raises ObjectGone, ObjectChanged, AccessDenied, Unavailable."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A unit of work: some object versions of one batch, and the name of their result."""

    name: str
    versions: tuple[ObjectVersion, ...]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An object version that could not be read because it is no longer there."""

    version: ObjectVersion
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """What became of a chunk.

    Attributes:
        rows: A table of schema ROWS, one row per object version that was scored or rejected.
        unsettled: The other object versions of the chunk: superseded or vanished.
    """

    rows: pa.Table
    unsettled: tuple[Unsettled, ...]


@dataclass(frozen=True, slots=True)
class _Content:
    """What reading and decoding one object version gave."""

    version: ObjectVersion
    outcome: Outcome
    sha256: str | None = None
    decoded: Decoded | None = None
    reason: Reason | None = None
    detail: str | None = None


def cut_chunks(
    versions: Iterable[ObjectVersion], model: PinnedModel, images_per_chunk: int
) -> Iterator[Chunk]:
    """Cut object versions into chunks, in the order of their keys as the store lists them."""
    rest = iter(versions)
    while piece := tuple(islice(rest, images_per_chunk)):
        yield Chunk(chunk_name(piece, model.digest, preprocessing_digest()), piece)


def score_chunk(
    chunk: Chunk,
    batch: str,
    model: PinnedModel,
    *,
    read: Read,
    predict: Predict,
    threads: int,
    limits: Limits,
) -> ScoredChunk:
    """Read, decode and predict every object version of a chunk.

    Reading and decoding run in threads while this one predicts; both sides release the GIL.

    Raises:
        Unavailable: If the store stops answering; nothing has been written then.
    """
    slices = [chunk.versions[i : i + _SLICE] for i in range(0, len(chunk.versions), _SLICE)]
    rows: list[dict[str, Any]] = []
    unsettled: list[Unsettled] = []
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        for contents in pool.map(lambda piece: _fetch(piece, read, limits), slices):
            settled = [content for content in contents if content.outcome in _SETTLED]
            rows += _rows(settled, model, predict)
            unsettled += [
                Unsettled(content.version, content.outcome)
                for content in contents
                if content.outcome not in _SETTLED
            ]
    stamp = {
        "model_name": model.name,
        "model_version": model.version,
        "model_digest": model.digest,
        "preprocessing_digest": preprocessing_digest(),
        "batch": batch,
        "chunk": chunk.name,
        "scored_at": datetime.now(UTC),
    }
    table = pa.Table.from_pylist([row | stamp for row in rows], schema=ROWS)
    return ScoredChunk(table, tuple(unsettled))


def _fetch(versions: Sequence[ObjectVersion], read: Read, limits: Limits) -> list[_Content]:
    return [_fetch_one(version, read, limits) for version in versions]


def _fetch_one(version: ObjectVersion, read: Read, limits: Limits) -> _Content:
    if version.size > limits.max_bytes:
        detail = f"{version.size} bytes; at most {limits.max_bytes} are read"
        return _Content(version, Outcome.REJECTED, reason=Reason.TOO_LARGE, detail=detail)
    try:
        content = read(version) if version.size else b""
    except ObjectGone:
        return _Content(version, Outcome.VANISHED)
    except ObjectChanged:
        return _Content(version, Outcome.SUPERSEDED)
    except AccessDenied as error:
        detail = str(error)
        return _Content(version, Outcome.REJECTED, reason=Reason.UNREADABLE, detail=detail)
    sha256 = hashlib.sha256(content).hexdigest()
    match decode(content, limits):
        case Rejection(reason, detail):
            return _Content(version, Outcome.REJECTED, sha256, None, reason, detail)
        case Decoded() as decoded:
            return _Content(version, Outcome.SCORED, sha256, decoded)


def _rows(
    contents: Sequence[_Content], model: PinnedModel, predict: Predict
) -> list[dict[str, Any]]:
    decoded = [content.decoded for content in contents if content.decoded is not None]
    readings = iter(read_digits(decoded, model, predict))
    rows = []
    for content in contents:
        version = content.version
        row: dict[str, Any] = {
            "key": version.key,
            "etag": version.etag,
            "bytes": version.size,
            "identity": version.identity,
            "sha256": content.sha256,
            "outcome": str(content.outcome),
            "reason": content.reason and str(content.reason),
            "detail": content.detail,
            "warnings": [],
            "accepted": False,
        }
        if content.decoded is not None:
            row |= _columns(next(readings)) | _input_statistics(content.decoded)
            row["pipeline"] = content.decoded.pipeline
        rows.append(row)
    return rows


def _input_statistics(decoded: Decoded) -> dict[str, Any]:
    source = decoded.source
    return {
        "width": source.width,
        "height": source.height,
        "brightness": source.brightness,
        "contrast": source.contrast,
        "ink": cv2.mean(decoded.pixels)[0] / 255,
    }


def _columns(reading: Reading) -> dict[str, Any]:
    return {
        "digit": reading.digit,
        "confidence": reading.confidence,
        "margin": reading.margin,
        "warnings": [str(warning) for warning in reading.warnings],
        "accepted": reading.accepted,
        **dict(zip(PROBABILITY_COLUMNS, reading.probabilities, strict=True)),
    }
