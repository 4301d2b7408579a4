"""Scoring a batch from listing to receipt, in steps that an orchestrator can order.

Every step is safe to repeat and to run twice at once: the truth of a batch is what lies in the
store, and each step starts from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mnist.digits import Outcome
from mnist.errors import InvalidBatch
from mnist.images import Limits
from mnist.keys import ObjectVersion
from mnist.registry.reader import RegistryReader
from mnist.scoring.chunks import Chunk, cut_chunks, score_chunk
from mnist.scoring.graphs import Predictor
from mnist.scoring.readings import PinnedModel
from mnist.scoring.receipts import Listing, Receipt, RejectLimit, RunRecord, VersionRecord, write_up
from mnist.scoring.verification import find_problems
from mnist.settings import Settings
from mnist.storage.inbox import Inbox
from mnist.storage.results import Results
from mnist.tables import one_row_each


@dataclass(frozen=True, slots=True)
class RecordedChunk:
    """What became of a chunk, without its rows.

    Attributes:
        outcomes: Object versions by outcome.
        rows_written: Rows this call wrote; 0 if the same chunk was recorded before.
        unsettled: Object versions that were no longer there when they were read.
    """

    outcomes: Counter[Outcome]
    rows_written: int
    unsettled: tuple[VersionRecord, ...]


class BatchScoring:
    """The steps of scoring a batch, over an inbox, a results bucket and a registry."""

    def __init__(
        self, settings: Settings, inbox: Inbox, results: Results, registry: RegistryReader
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._results = results
        self._registry = registry
        self._predictors: dict[str, Predictor] = {}

    def listed(self, batch: str) -> list[ObjectVersion]:
        """List the object versions of a batch that want an outcome.

        Raises:
            InvalidBatch: If there are none.
        """
        versions = [version for page in self._inbox.versions(batch) for version in page]
        if not versions:
            raise self._inbox.unknown(batch)
        return versions

    def missing(self, batch: str, listed: Iterable[ObjectVersion]) -> list[ObjectVersion]:
        """Pick those that have no outcome yet."""
        settled = self._results.settled(batch)
        return [version for version in listed if version.identity not in settled]

    def pinned_champion(self) -> PinnedModel:
        """Look up the champion once; the run holds on to it.

        Raises:
            NoChampion: If there is none.
        """
        return self._registry.champion()

    def chunks(self, versions: Iterable[ObjectVersion], model: PinnedModel) -> Iterator[Chunk]:
        """Cut object versions into units of work."""
        return cut_chunks(versions, model, self._settings.chunk_images)

    def score(self, chunk: Chunk, batch: str, model: PinnedModel) -> RecordedChunk:
        """Score a chunk and record its rows.

        Raises:
            Unavailable: If the store or the registry does not answer; nothing is recorded then.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        scored = score_chunk(
            chunk,
            batch,
            model,
            read=self._inbox.read,
            predict=self._predictor(model).predict,
            threads=self._settings.read_threads,
            limits=Limits(self._settings.max_image_bytes, self._settings.max_image_pixels),
        )
        written = bool(scored.rows.num_rows) and self._results.write_part(
            batch, chunk.name, scored.rows
        )
        outcomes = Counter(Outcome(name) for name in scored.rows["outcome"].to_pylist())
        outcomes.update(each.outcome for each in scored.unsettled)
        return RecordedChunk(
            outcomes=outcomes,
            rows_written=scored.rows.num_rows if written else 0,
            unsettled=tuple(VersionRecord.of(u.version, u.outcome) for u in scored.unsettled),
        )

    def close(
        self,
        batch: str,
        run: str,
        *,
        started_at: datetime,
        listed: Sequence[ObjectVersion],
        recorded: Sequence[RecordedChunk],
    ) -> Receipt:
        """Read back every row of the batch, reconcile them with the listing, write the receipt.

        If nothing was recorded and a receipt for the same listing exists, that one is returned
        and nothing is written.
        """
        if not recorded and (earlier := self._receipt_for(batch, listed)) is not None:
            return earlier
        found = list(self._results.parts(batch))
        receipt = write_up(
            batch,
            RunRecord(
                name=run,
                started_at=started_at,
                finished_at=datetime.now(UTC),
                rows_written=sum(chunk.rows_written for chunk in recorded),
            ),
            listed=listed,
            unsettled=[version for chunk in recorded for version in chunk.unsettled],
            parts=[part for part, _ in found],
            rows=one_row_each(table for _, table in found),
            limit=RejectLimit(
                rate=self._settings.max_reject_rate, count=self._settings.max_reject_count
            ),
        )
        self._results.write_receipt(receipt)
        return receipt

    def verify(self, batch: str) -> tuple[Receipt, tuple[str, ...]]:
        """Hold the last receipt of a batch against its parts; return what does not fit.

        Raises:
            InvalidBatch: If the batch has no receipt.
        """
        receipts = self._results.receipts(batch)
        if not receipts:
            raise InvalidBatch(f"Batch {batch!r} has no receipt to verify; score it first.")
        return receipts[-1], find_problems(receipts[-1], list(self._results.parts(batch)))

    def _receipt_for(self, batch: str, listed: Sequence[ObjectVersion]) -> Receipt | None:
        digest = Listing.of(listed).digest
        receipts = self._results.receipts(batch)
        return next((r for r in reversed(receipts) if r.listing.digest == digest), None)

    def _predictor(self, model: PinnedModel) -> Predictor:
        if model.digest not in self._predictors:
            self._predictors = {model.digest: self._registry.predictor(model)}
        return self._predictors[model.digest]
