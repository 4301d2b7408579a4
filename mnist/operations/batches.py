"""Scoring a batch from listing to receipt.

`BatchScoring.run` is the one order of the steps: list, score in chunks what has no outcome yet,
write the receipt. What maps chunks to workers is given to it: the flow gives Prefect's tasks or
Dask, tests and chaos the built-in `map`.

Every step is safe to repeat and to run twice at once: the truth of a batch is what lies in the
store, and each step starts from there. Nothing here grows with the size of a batch but 16 bytes
for each object version.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, compress
from time import perf_counter

import pyarrow.compute as pc

from mnist.images import Limits
from mnist.keys import ObjectVersion
from mnist.parts import Parts
from mnist.provenance import code_digest
from mnist.scoring.chunks import (
    Chunk,
    ChunkMap,
    RecordedChunk,
    ScoredChunk,
    cut_chunks,
    score_chunk,
)
from mnist.scoring.identities import Identities
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.receipts import Receipt, RunRecord, VersionRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.scoring.stages import StageSeconds
from mnist.scoring.tally import TALLY_COLUMNS
from mnist.storage.results import Results

_A_MOMENT = timedelta(microseconds=1)

_UNLISTED_COLUMNS = ("key", "etag", "bytes")


class BatchRun:
    """One run over one batch: what it has listed, what it has recorded.

    Attributes:
        batch: Name of the batch.
        name: Name of the run.
        model: The version that the run is pinned to; None until there is something to score.
        waiting: Object versions listed so far that had no outcome.
        is_scored: Whether every row of it is recorded.
        listed_all: Whether the listing has come to its end, so that `waiting` is final.
        done: Object versions of the chunks that were noted.
        receipt: What the run stated at its end; None if the batch was left open.
    """

    def __init__(self, batch: str, name: str, again_after: str) -> None:
        self.batch = batch
        self.name = name
        self.model: PinnedModel | None = None
        self.waiting = 0
        self.listed_all = False
        self.is_scored = False
        self.again_after = again_after
        self.started_at = datetime.now(UTC)
        self.listing = ListingLog()
        self.unsettled: list[VersionRecord] = []
        self.chunks_noted = 0
        self.done = 0
        self.receipt: Receipt | None = None
        self.stage_seconds: StageSeconds | None = None
        self._sums: Counter[str] = Counter()

    def note(self, recorded: RecordedChunk) -> None:
        """Take note of what became of a chunk."""
        self.chunks_noted += 1
        self.done += recorded.versions
        self.unsettled += recorded.unsettled
        self.stage_seconds = recorded.seconds + (self.stage_seconds or StageSeconds())
        self._sums.update(rows_written=recorded.rows_written, retried=recorded.retried)

    def record(self, after: datetime | None = None) -> RunRecord:
        """Say for the receipt what this run did.

        Args:
            after: A time that its end must not come before.
        """
        now = datetime.now(UTC)
        return RunRecord(
            name=self.name,
            started_at=self.started_at,
            finished_at=now if after is None else max(now, after + _A_MOMENT),
            rows_written=self._sums["rows_written"],
            retried=self._sums["retried"],
            again_after=self.again_after,
            stage_seconds=self.stage_seconds,
            code_digest=code_digest(),
        )


ProgressOfRun = Callable[[BatchRun], None]
"""A progress callback: sees the run as far as it is."""


class BatchScoring:
    """The steps of scoring a batch, over an inbox, a results bucket and a registry."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._results = Results(parts.sure_bucket)

    def run(
        self,
        batch: str,
        name: str,
        *,
        map: ChunkMap = map,  # noqa: A002 - it is what the built-in is
        on_progress: ProgressOfRun = lambda _run: None,
        close: bool = True,
        rejects_again: bool = False,
    ) -> BatchRun:
        """Score a batch from its listing to its receipt.

        Args:
            batch: Name of the batch.
            name: Name of the run, under which its receipt is kept.
            map: Applies `score` to chunks, here or elsewhere.
            on_progress: Called after each chunk, and once when all rows are recorded.
            close: Whether to write the receipt.
            rejects_again: Score once more what the last receipt counts as rejected.

        Raises:
            InvalidBatch: If the batch holds nothing that wants an outcome, or rejects are to be
                scored again and there is no receipt of any.
            NoChampion: If there is something to score and no champion.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        run = BatchRun(
            batch, name, self._results.last_receipt(batch).run.name if rejects_again else ""
        )
        for recorded in map(self.score, self._chunks(run)):
            run.note(recorded)
            on_progress(run)
        run.is_scored = True
        on_progress(run)
        if close:
            run.receipt = self._close(run)
        return run

    def _chunks(self, run: BatchRun) -> Iterator[Chunk]:
        """List the batch and cut what has no outcome yet into chunks, as fast as they are taken.

        The champion is looked up when the first chunk is taken, and the run holds on to it.
        """
        settled = self._results.scored if run.again_after else self._results.settled
        missing = self._missing(run, settled(run.batch))
        first = next(missing, None)
        if first is not None:
            run.model = self._parts.registry.champion()
            size = self._parts.settings.chunk_images
            versions = chain((first,), missing)
            yield from cut_chunks(versions, run.batch, run.model, size, run.again_after)

    def _missing(self, run: BatchRun, settled: Identities) -> Iterator[ObjectVersion]:
        for page in self._parts.inbox.versions(run.batch, run.listing.ignored):
            run.listing.extend(page)
            is_missing = ~settled.has([version.identity for version in page])
            run.waiting += int(is_missing.sum())
            yield from compress(page, is_missing)
        if not len(run.listing):
            raise self._parts.inbox.unknown(run.batch)
        run.listed_all = True

    def score(self, chunk: Chunk) -> RecordedChunk:
        """Score a chunk and record its rows, unless another run has recorded all of them meanwhile.

        Where the other run found objects gone, they have no row, and this run looks for itself.

        Raises:
            Unavailable: If the store or the registry does not answer; nothing is recorded then.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        if self._results.recorded_rows(chunk.batch, chunk.name) == len(chunk.versions):
            return RecordedChunk(len(chunk.versions), 0, 0, (), StageSeconds())
        scored = score(self._parts, chunk)
        started = perf_counter()
        written = bool(scored.rows.num_rows) and self._results.write_part(
            chunk.batch, chunk.name, scored.rows
        )
        writing = StageSeconds(write=perf_counter() - started)
        return RecordedChunk(
            versions=len(chunk.versions),
            rows_written=scored.rows.num_rows if written else 0,
            retried=pc.sum(pc.greater(scored.rows["attempts"], 1)).as_py() or 0,
            unsettled=scored.unsettled,
            seconds=scored.seconds + writing,
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
        )
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


def score(parts: Parts, chunk: Chunk) -> ScoredChunk:
    """Fetch, decode and predict every object version of a chunk; records nothing.

    Raises:
        IntegrityError: If the scoring graph is not the one that was registered.
    """
    return score_chunk(
        chunk,
        fetch=parts.inbox.fetch_many,
        predict=parts.registry.predictor(chunk.model).outputs,
        threads=parts.settings.read_threads,
        limits=Limits.of(parts.settings),
    )
