"""One run over one batch: what it has listed, what it has recorded, what it states at its end."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

from mnist.keys import ObjectVersion
from mnist.places import page_versions
from mnist.provenance import code_digest
from mnist.scoring.chunks import RecordedChunk
from mnist.scoring.pictures import Paged
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.receipts import Receipt, RunRecord, VersionRecord
from mnist.scoring.reconciliation import ListingLog
from mnist.scoring.sheet_layouts import SheetLayout

_A_MOMENT = timedelta(microseconds=1)


class BatchRun:
    """One run over one batch: what it has listed, what it has recorded.

    Attributes:
        batch: Name of the batch.
        name: Name of the run.
        layout: By what the pictures of the batch are cut, from its listing to its end; None where
            each is one digit.
        model: The version that the run is pinned to; None until there is something to score.
        waiting: Object versions listed so far that had no outcome.
        is_scored: Whether every row of it is recorded.
        unavailable: Object versions that the store could not hand out now.
        put_off: Object versions whose chunk took too long; they go into further chunks.
        paged: Files found to have several pages, and how many; these go into further chunks.
        listed_all: Whether the listing has come to its end, so that `waiting` is final.
        done: Object versions of the chunks that were noted.
        receipt: What the run stated at its end; None if the batch was left open.
    """

    def __init__(
        self, batch: str, name: str, again_after: str, flow_run: Callable[[], str]
    ) -> None:
        self.batch = batch
        self.name = name
        self.flow_run = flow_run
        self.layout: SheetLayout | None = None
        self.model: PinnedModel | None = None
        self.waiting = 0
        self.listed_all = False
        self.is_scored = False
        self.again_after = again_after
        self.started_at = datetime.now(UTC)
        self.listing = ListingLog()
        self.unsettled: list[VersionRecord] = []
        self.put_off: list[ObjectVersion] = []
        self.paged: list[Paged] = []
        self.unavailable = 0
        self.chunks_noted = 0
        self.done = 0
        self.receipt: Receipt | None = None
        self._sums: Counter[str] = Counter()

    def note(self, recorded: RecordedChunk) -> None:
        """Take note of what became of a chunk."""
        self.chunks_noted += 1
        self.done += recorded.versions
        self.unsettled += recorded.unsettled
        self.unavailable += recorded.unavailable
        self.put_off += recorded.put_off
        self.paged += recorded.paged
        for paged in recorded.paged:
            self.listing.replace(self._places([paged.file]), self._pages(paged))
            self.waiting += self._count(paged) - paged.listed
        self._sums.update(rows_written=recorded.rows_written, retried=recorded.retried)

    @property
    def left_over(self) -> int:
        """How many object versions go into further chunks."""
        return len(self.put_off) + sum(map(self._count, self.paged))

    def take_left_over(self) -> Iterator[ObjectVersion]:
        """Yield them, and forget them."""
        put_off, self.put_off = self.put_off, []
        paged, self.paged = self.paged, []
        return chain(put_off, chain.from_iterable(map(self._pages, paged)))

    def _pages(self, paged: Paged) -> Iterator[ObjectVersion]:
        return self._places(page_versions(paged.file, paged.pages))

    def _places(self, pictures: Iterable[ObjectVersion]) -> Iterator[ObjectVersion]:
        if self.layout is None:
            return iter(pictures)
        return chain.from_iterable(map(self.layout.places, pictures))

    def _count(self, paged: Paged) -> int:
        return paged.pages * (1 if self.layout is None else len(self.layout.names))

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
            flow_run=self.flow_run(),
            code_digest=code_digest(),
        )
