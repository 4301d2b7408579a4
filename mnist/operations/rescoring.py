"""Scoring again, with another model version, what one version has scored.

Nothing is overwritten: new rows lie beside the old ones, and a difference file names what changed,
for those who have already used the old readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mnist.errors import InvalidBatch, InvalidInput
from mnist.images import Limits, preprocessing_digest
from mnist.keys import ObjectVersion
from mnist.registry.reader import RegistryReader
from mnist.scoring.chunks import Chunk, cut_chunks, score_chunk
from mnist.scoring.differences import changed_readings, content_name, flips
from mnist.scoring.graphs import Predictor
from mnist.scoring.readings import PinnedModel
from mnist.settings import Settings
from mnist.storage.inbox import Inbox
from mnist.storage.rescores import Rescores
from mnist.storage.results import Results


@dataclass(frozen=True)
class RescorePlan:
    """What is scored again, and by which version.

    Attributes:
        old: Version that made the readings.
        new: Version that makes them again.
        batches: Batches with readings of the old version.
    """

    old: str
    new: PinnedModel
    batches: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the results lie below `rescores/`: the same work always goes to the same place."""
        return f"from={self.old}/to={self.new.version}/images={preprocessing_digest()[:12]}"


@dataclass(frozen=True)
class Difference:
    """What came of scoring again.

    Attributes:
        compared: Object versions with an old and a new row.
        gone: Object versions with an old row that cannot be read any more.
        changed: Rows in the difference file: outcome, digit or acceptance is another one.
        flips: (old digit, new digit) -> images.
        parquet: Key of the difference file in the results bucket.
        csv: The same as CSV.
    """

    compared: int
    gone: int
    changed: int
    flips: dict[tuple[int, int], int]
    parquet: str
    csv: str

    def summary(self) -> dict[str, str | int]:
        """Give the sums in one flat mapping."""
        return {
            "compared": self.compared,
            "gone": self.gone,
            "changed": self.changed,
            "digits_changed": sum(self.flips.values()),
            "parquet": self.parquet,
            "csv": self.csv,
        }


class Rescoring:
    """The steps of scoring again, each safe to repeat and to run twice at once."""

    def __init__(
        self,
        settings: Settings,
        inbox: Inbox,
        results: Results,
        rescores: Rescores,
        registry: RegistryReader,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._results = results
        self._rescores = rescores
        self._registry = registry
        self._predictors: dict[str, Predictor] = {}

    def plan(self, old: str, new: str, batches: Sequence[str] | None) -> RescorePlan:
        """Find what is to be done.

        Args:
            old: Version whose readings are in doubt.
            new: Version that reads again; empty means the champion.
            batches: Only these; None means all that the old version has scored.

        Raises:
            InvalidInput: If there is no such version, or both are the same.
            InvalidBatch: If the old version has scored nothing of a batch, or nothing at all.
            NoChampion: If the champion is wanted and there is none.
        """
        model = self._registry.version(new) if new else self._registry.champion()
        if model.version == old:
            raise InvalidInput(
                f"Version {old} would be compared with itself; name another one with "
                "`-p to_version=...`."
            )
        scored = batches_scored_by(self._results, old)
        wanted = scored if batches is None else list(batches)
        unknown = sorted(set(wanted) - set(scored))
        if unknown or not wanted:
            raise InvalidBatch(
                f"Version {old} has scored nothing of {', '.join(unknown) or 'any batch'}; "
                f"batches with its readings: {', '.join(scored) or 'none'}."
            )
        return RescorePlan(old, model, tuple(dict.fromkeys(wanted)))

    def chunks(self, plan: RescorePlan, batch: str) -> Iterator[Chunk]:
        """Cut what has no new row yet into units of work."""
        done = set(self._rescores.rows(plan.folder, batch)["identity"].to_pylist())
        rows = self._old_rows(plan, batch).select(["key", "etag", "bytes"]).to_pylist()
        versions = sorted(ObjectVersion(row["key"], row["etag"], row["bytes"]) for row in rows)
        missing = [version for version in versions if version.identity not in done]
        return cut_chunks(missing, batch, plan.new, self._settings.chunk_images)

    def score(self, plan: RescorePlan, chunk: Chunk) -> int:
        """Score a chunk with the new version and record its rows; return how many.

        Raises:
            Unavailable: If the store or the registry does not answer; nothing is recorded then.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        scored = score_chunk(
            chunk,
            fetch=self._inbox.fetch,
            predict=self._predictor(plan.new).read,
            threads=self._settings.read_threads,
            limits=Limits.of(self._settings),
        )
        if scored.rows.num_rows:
            self._rescores.write_part(plan.folder, chunk.batch, chunk.name, scored.rows)
        return int(scored.rows.num_rows)

    def difference(self, plan: RescorePlan) -> Difference:
        """Put old and new rows side by side and record what changed."""
        sides = [
            (self._old_rows(plan, batch), self._rescores.rows(plan.folder, batch))
            for batch in plan.batches
        ]
        changed = pa.concat_tables([changed_readings(old, new) for old, new in sides])
        before = sum(old.num_rows for old, _ in sides)
        compared = sum(_shared(old, new) for old, new in sides)
        parquet, csv = self._rescores.write_difference(plan.folder, content_name(changed), changed)
        return Difference(
            compared, before - compared, changed.num_rows, flips(changed), parquet, csv
        )

    def _old_rows(self, plan: RescorePlan, batch: str) -> pa.Table:
        rows = self._results.rows(batch)
        return rows.filter(pc.equal(rows["model_version"], plan.old))

    def _predictor(self, model: PinnedModel) -> Predictor:
        if model.digest not in self._predictors:
            self._predictors = {model.digest: self._registry.predictor(model)}
        return self._predictors[model.digest]


def batches_scored_by(results: Results, version: str) -> list[str]:
    """Name the batches with readings of a model version, in order."""
    return sorted(
        batch
        for batch, receipt in results.latest_receipts().by_batch.items()
        if any(model.version == version for model in receipt.models)
    )


def _shared(old: pa.Table, new: pa.Table) -> int:
    return len(set(old["identity"].to_pylist()) & set(new["identity"].to_pylist()))
