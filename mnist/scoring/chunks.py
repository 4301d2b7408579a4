"""Scoring: from object versions to rows. Knows neither the store nor the registry."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from math import inf
from time import perf_counter, thread_time
from typing import Any

import numpy as np
import pyarrow as pa

from mnist.digits import CLASSES, SIDE, Outcome, Outputs
from mnist.errors import Unavailable
from mnist.images import Limits, preprocessing_digest
from mnist.keys import ObjectVersion, chunk_name
from mnist.places import by_picture
from mnist.scoring.layout_source import NO_LAYOUTS, LayoutSource
from mnist.scoring.line_graphs import PredictLine, no_line_network
from mnist.scoring.minibatches import Allowance, cut_minibatches, load_minibatch
from mnist.scoring.pictures import Fetch, MiniBatch, Paged, Unscored
from mnist.scoring.place_predictions import resolved
from mnist.scoring.predictions import PinnedModel, Predict
from mnist.scoring.receipts import AcceptanceRecord, VersionRecord
from mnist.scoring.rows import Content, rows_of
from mnist.scoring.stages import PartWork, StageSeconds

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
class ScoredChunk:
    """What became of a chunk.

    Attributes:
        rows: A table of schema ROWS, one row per object version that was scored or rejected; its
            metadata say what went into it (`stages.PartWork`).
        unscored: Object versions without an outcome.
        put_off: Those that were not begun because the time of the chunk was over.
        paged: Files with several pages, which want an outcome instead of them, and how many.
    """

    rows: pa.Table
    unscored: tuple[Unscored, ...]
    put_off: tuple[ObjectVersion, ...] = ()
    paged: tuple[Paged, ...] = ()

    @property
    def unsettled(self) -> tuple[VersionRecord, ...]:
        """The object versions that were no longer there when they were fetched."""
        return tuple(
            VersionRecord.of(unscored.version, unscored.why)
            for unscored in self.unscored
            if isinstance(unscored.why, Outcome)
        )


@dataclass(frozen=True, slots=True)
class RecordedChunk:
    """What became of a chunk, without its rows.

    Attributes:
        versions: Object versions of it that are done with.
        rows_written: Rows this call wrote; 0 if the same chunk was recorded before.
        retried: Object versions that had to be asked for more than once.
        unsettled: Object versions that were no longer there when they were read.
        unavailable: How many the store could not hand out now; a later run tries them again.
        put_off: The others, which want another chunk.
        paged: Files whose pages want another chunk instead of them, and how many.
    """

    versions: int
    rows_written: int = 0
    retried: int = 0
    unsettled: tuple[VersionRecord, ...] = ()
    unavailable: int = 0
    put_off: tuple[ObjectVersion, ...] = ()
    paged: tuple[Paged, ...] = ()


ScoreChunk = Callable[[Chunk], RecordedChunk]
ChunkMap = Callable[[ScoreChunk, Iterable[Chunk]], Iterable[RecordedChunk]]
"""Applies a function to chunks, here or elsewhere, and yields what became of each."""


def cut_chunks(
    versions: Iterable[ObjectVersion],
    batch: str,
    model: PinnedModel,
    images_per_chunk: int,
    again_after: str = "",
) -> Iterator[Chunk]:
    """Cut object versions into chunks, in the order of their keys as the store lists them.

    What is cut out of one picture stays in one chunk, so that the picture is fetched once.

    Args:
        versions: What wants an outcome; taken only as fast as chunks are.
        batch: The batch they belong to.
        model: What scores them.
        images_per_chunk: Object versions per chunk; the last one has fewer, and one that ends with
            a picture of many places more.
        again_after: Run after which rejected ones are scored again, so that the work has another
            name than the first time; empty for work that was never done.
    """
    pictures = by_picture(versions)
    for first in pictures:
        rest = _until(images_per_chunk - len(first), pictures)
        piece = (*first, *chain.from_iterable(rest))
        name = chunk_name(piece, model.digest, preprocessing_digest(), again_after)
        yield Chunk(name, batch, model, piece)


def _until(
    count: int, pictures: Iterator[tuple[ObjectVersion, ...]]
) -> Iterator[tuple[ObjectVersion, ...]]:
    """Take pictures until they come to so many object versions, or more."""
    while count > 0 and (places := next(pictures, None)) is not None:
        count -= len(places)
        yield places


def score_chunk(
    chunk: Chunk,
    *,
    fetch: Fetch,
    predict: Predict,
    predict_line: PredictLine = no_line_network,
    threads: int,
    limits: Limits,
    layouts: LayoutSource = NO_LAYOUTS,
    seconds: float = inf,
) -> ScoredChunk:
    """Fetch, decode and predict every object version of a chunk, as far as the time allows.

    Fetching and decoding run in threads while this one predicts; both sides release the GIL.

    Args:
        chunk: The work.
        fetch: Where the bytes come from.
        predict: The scoring graph.
        predict_line: The line network beside it.
        threads: Mini-batches that are fetched and decoded at once.
        limits: Of an image.
        layouts: What cuts pictures, and what its checks have to know.
        seconds: After so long no further image is begun; one image is scored in any case.

    Raises:
        Unavailable: If the store stops answering; nothing has been written then.
    """
    allowance = Allowance.of(chunk.batch, seconds)
    started_at, cpu_started = datetime.now(UTC), thread_time()
    contents: list[Content] = []
    outputs = [Outputs(np.empty((0, CLASSES), np.float32), np.empty(0, np.float32))]
    ink = [np.empty(0)]
    unscored: list[Unscored] = []
    put_off: list[ObjectVersion] = []
    paged: list[Paged] = []
    spent, cpu_seconds = StageSeconds(), 0.0

    def load(number: int, versions: list[ObjectVersion]) -> MiniBatch:
        return load_minibatch(
            versions, fetch, limits, allowance, layout_of=layouts.layout_of, is_first=not number
        )

    with ThreadPoolExecutor(threads, thread_name_prefix="fetch") as pool:
        for minibatch in pool.map(load, count(), cut_minibatches(chunk.versions, limits)):
            unscored += minibatch.unscored
            put_off += minibatch.put_off
            paged += minibatch.paged
            _require_a_store(unscored)
            started = perf_counter()
            images = np.array(minibatch.pixels, np.uint8).reshape(-1, SIDE, SIDE)
            predicted = resolved(
                minibatch.contents, images, predict, chunk.model, predict_line, layouts.last_values
            )
            contents += predicted.contents
            outputs.append(predicted.outputs)
            ink.append(predicted.ink)
            spent += StageSeconds(
                fetch=minibatch.fetch_seconds,
                decode=minibatch.decode_seconds,
                predict=perf_counter() - started,
            )
            cpu_seconds += minibatch.cpu_seconds
    started = perf_counter()
    everything = Outputs(*map(np.concatenate, zip(*outputs, strict=True)))
    rows = rows_of(contents, everything, np.concatenate(ink), chunk.model, _stamp(chunk))
    work = PartWork(
        started_at=started_at,
        finished_at=datetime.now(UTC),
        cpu_seconds=cpu_seconds + thread_time() - cpu_started,
        stage_seconds=spent + StageSeconds(write=perf_counter() - started),
    )
    judged_by = AcceptanceRecord(
        entry=chunk.model.acceptance_entry,
        threshold=chunk.model.accept_confidence,
        evidence=chunk.model.acceptance_evidence,
    )
    if any(content.predicted for content in contents):
        judged_by = judged_by.with_values(
            chunk.model.accept_value_confidence, chunk.model.value_evidence
        )
    rows = rows.replace_schema_metadata(work.as_metadata() | judged_by.as_metadata())
    return ScoredChunk(rows, tuple(unscored), tuple(put_off), tuple(paged))


def _stamp(chunk: Chunk) -> dict[str, Any]:
    """Give the columns that are the same in every row of a chunk."""
    return {
        "model_name": chunk.model.name,
        "model_version": chunk.model.version,
        "model_digest": chunk.model.digest,
        "preprocessing_digest": preprocessing_digest(),
        "batch": chunk.batch,
        "chunk": chunk.name,
        "scored_at": datetime.now(UTC),
    }


def _require_a_store(unscored: Sequence[Unscored]) -> None:
    """Stop at once when so many objects are unavailable that it cannot be the objects.

    Pages of one file share one error, and count once.
    """
    errors = {id(u.why): u.why for u in unscored if isinstance(u.why, Unavailable)}
    if len(errors) > _MOST_UNAVAILABLE:
        raise list(errors.values())[-1]
