"""Scoring a batch from listing to receipt.

`BatchScoring.run` is the one order of the steps: list, score in chunks what has no outcome yet,
write the receipt. What maps chunks to workers is given to it: the flow gives Prefect's tasks or
Dask, tests and chaos the built-in `map`.

Every step is safe to repeat and to run twice at once: the truth of a batch is what lies in the
store, and each step starts from there. Nothing here grows with the size of a batch but 16 bytes
for each object version.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, compress
from math import inf

import pyarrow as pa
import pyarrow.compute as pc

from mnist.captured import CapturedFolder
from mnist.images import Limits, use_one_core_for_each_picture
from mnist.keys import ObjectVersion
from mnist.operations.batch_runs import BatchRun
from mnist.operations.canary_choice import version_for
from mnist.parts import Parts
from mnist.scoring.captured_answers import ANSWER_COLUMNS, compare_answers
from mnist.scoring.chunks import (
    Chunk,
    ChunkMap,
    RecordedChunk,
    ScoredChunk,
    cut_chunks,
    score_chunk,
)
from mnist.scoring.identities import Identities, identity_column
from mnist.scoring.layout_source import LayoutSource
from mnist.scoring.receipts import Receipt
from mnist.scoring.reconciliation import RejectLimit, write_up
from mnist.scoring.tally import TALLY_COLUMNS
from mnist.storage.results import Results
from mnist.tables import one_row_each

_UNLISTED_COLUMNS = ("key", "etag", "bytes")
_OF_ANSWERS = ("identity", "outcome", "scored_at", "chunk", *ANSWER_COLUMNS)


ProgressOfRun = Callable[[BatchRun], None]
"""A progress callback: sees the run as far as it is."""


class BatchScoring:
    """The steps of scoring a batch, over an inbox, a results bucket and a registry."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._results = Results(parts.sure_bucket, parts.signing)
        use_one_core_for_each_picture()

    def run(
        self,
        batch: str,
        name: str,
        *,
        map: ChunkMap = map,  # noqa: A002 - it is what the built-in is
        on_progress: ProgressOfRun = lambda _run: None,
        close: bool = True,
        rejects_again: bool = False,
        may_be_empty: bool = False,
        flow_run: Callable[[], str] = str,
    ) -> BatchRun:
        """Score a batch from its listing to its receipt.

        Args:
            batch: Name of the batch.
            name: Name of the run, under which its receipt is kept.
            map: Applies `score` to chunks, here or elsewhere. If it stops before it has taken them
                all, the run ends there, without a receipt.
            on_progress: Called after each chunk, and once when all rows are recorded.
            close: Whether to write the receipt. It is written in any case if object versions were
                overwritten or deleted since they were listed: no other place states that.
            rejects_again: Score once more what the last receipt counts as rejected.
            may_be_empty: The folder is known to have held images, so an empty one gets a receipt
                that says so.
            flow_run: Gives the id of the run in Prefect, if `name` is not that; asked before the
                receipt is written.

        Raises:
            InvalidBatch: If the batch holds nothing that wants an outcome, or rejects are to be
                scored again and there is no receipt of any.
            NoChampion: If there is something to score and no champion.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        again_after = self._results.last_receipt(batch).run.name if rejects_again else ""
        run = BatchRun(batch, name, again_after, flow_run)
        versions = self._missing(run)
        while (first := next(versions, None)) is not None:
            for recorded in map(self.score, self._chunks(run, chain((first,), versions))):
                run.note(recorded)
                on_progress(run)
            if not run.listed_all or run.done + run.left_over < run.waiting:
                return run
            versions = run.take_left_over()
        if not (len(run.listing) or may_be_empty or self._results.part_keys(batch)):
            raise self._parts.inbox.unknown(batch)
        run.is_scored = True
        on_progress(run)
        if close or run.unsettled:
            run.receipt = self._close(run)
            self._parts.current_rows.refresh(batch)
        return run

    def _chunks(self, run: BatchRun, versions: Iterator[ObjectVersion]) -> Iterator[Chunk]:
        """Cut what has no outcome yet into chunks, as fast as they are taken.

        The version is chosen when the first chunk is taken, and the run holds on to it.
        """
        if run.model is None:
            model = version_for(self._parts, run.batch)
            run.model = self._parts.acceptance.judged(model, f"{run.batch}/")
        size = self._parts.settings.chunk_images
        return cut_chunks(versions, run.batch, run.model, size, run.again_after)

    def _missing(self, run: BatchRun) -> Iterator[ObjectVersion]:
        """List the batch and yield what has no outcome yet."""
        settled = (self._results.scored if run.again_after else self._results.settled)(run.batch)
        listing = self._parts.inbox.listing(run.batch)
        if (layout := listing.layout) is not None:
            self._parts.layouts.record(layout)
            run.layout = layout
        for page in listing.versions(run.listing.ignored):
            run.listing.extend(page)
            is_missing = ~settled.has([version.identity for version in page])
            run.waiting += int(is_missing.sum())
            yield from compress(page, is_missing)
        run.listed_all = True

    def score(self, chunk: Chunk) -> RecordedChunk:
        """Score a chunk and record its rows, as far as its time allows.

        Where a run has recorded the chunk before, but not all of it, the rest wants another chunk:
        parts are never overwritten.

        Raises:
            Unavailable: If the store or the registry does not answer; nothing is recorded then.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        if (earlier := self._results.recorded(chunk.batch, chunk.name)) is not None:
            return _without(chunk, earlier)
        scored = score(self._parts, chunk, seconds=self._parts.settings.chunk_seconds)
        rows = scored.rows
        for paged in scored.paged:
            self._parts.page_counts.record(paged.file, paged.pages)
        if rows.num_rows and not self._results.write_part(chunk.batch, chunk.name, rows):
            return self.score(chunk)  # another run was first
        return RecordedChunk(
            versions=len(chunk.versions)
            - len(scored.put_off)
            - sum(paged.listed for paged in scored.paged),
            rows_written=rows.num_rows,
            retried=pc.sum(pc.greater(rows["attempts"], 1)).as_py() or 0,
            unsettled=scored.unsettled,
            unavailable=len(scored.unscored) - len(scored.unsettled),
            put_off=scored.put_off,
            paged=scored.paged,
        )

    def _close(self, run: BatchRun) -> Receipt:
        """Read back every row of the batch, reconcile them with the listing, write the receipt.

        If nothing was recorded and a receipt for the same listing covers every row there is, that
        one is returned and nothing is written.
        """
        receipts = self._results.receipts(run.batch)
        if not run.chunks_noted and (earlier := self._covering(run, receipts)) is not None:
            return earlier
        settings = self._parts.settings
        # The newest receipt is the one that counts, also where clocks differ between machines.
        after = receipts[-1].run.finished_at if receipts else None
        receipt = write_up(
            run.batch,
            run.record(after),
            listing=run.listing,
            unsettled=run.unsettled,
            parts=self._results.parts(run.batch, (*TALLY_COLUMNS, *_UNLISTED_COLUMNS)),
            limit=RejectLimit(rate=settings.max_reject_rate, count=settings.max_reject_count),
            cpu_hour_price=settings.cpu_hour_price,
        )
        if CapturedFolder.of(run.batch) is not None:
            tables = (table for _, table in self._results.parts(run.batch, _OF_ANSWERS))
            rows = one_row_each(tables)
            is_listed = run.listing.identities().has(identity_column(rows))
            answers = compare_answers([rows.filter(pa.array(is_listed))])
            receipt = receipt.model_copy(update={"captured_answers": answers})
        self._results.write_receipt(receipt)
        return receipt

    def _covering(self, run: BatchRun, receipts: Sequence[Receipt]) -> Receipt | None:
        digest = run.listing.summary().digest
        parts = set(self._results.part_keys(run.batch))
        for receipt in reversed(receipts):
            covered = parts <= {part.key for part in receipt.parts}
            if covered and receipt.listing.digest == digest and receipt.is_balanced:
                return receipt
        return None


def score(parts: Parts, chunk: Chunk, *, seconds: float = inf) -> ScoredChunk:
    """Fetch, decode and predict the object versions of a chunk; records nothing.

    Args:
        parts: Inbox and registry.
        chunk: The work.
        seconds: After so long no further image is begun.

    Raises:
        IntegrityError: If the scoring graph is not the one that was registered.
    """
    predictor = parts.registry.predictor(chunk.model)
    return score_chunk(
        chunk,
        fetch=parts.inbox.fetch_many,
        predict=predictor.outputs,
        predict_line=predictor.predict_line,
        threads=parts.settings.read_threads,
        limits=Limits.of(parts.settings),
        layouts=LayoutSource(parts.layouts.get, partial(_last_values, parts, chunk.batch)),
        seconds=seconds,
    )


def _last_values(parts: Parts, batch: str, series: str, keys: Sequence[str]) -> Mapping[str, str]:
    """Tell what counted last in places of a batch, by their keys."""
    places = {key.partition("/")[2]: key for key in keys}
    values = parts.last_values.of(series, batch, list(places))
    return {places[place]: value for place, value in values.items()}


def _without(chunk: Chunk, recorded: Identities) -> RecordedChunk:
    """Say that a part was there before, and what of the chunk it lacks."""
    is_in = recorded.has([version.identity for version in chunk.versions])
    rest = tuple(compress(chunk.versions, ~is_in))
    return RecordedChunk(versions=len(chunk.versions) - len(rest), put_off=rest)
