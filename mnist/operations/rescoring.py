"""Scoring again, with another model version, what one version has scored.

Nothing is overwritten: new rows lie beside the old ones, and a difference file names what changed,
for those who have already used the old predictions. Parts are read one by one; what grows with a
batch is about 200 bytes for each object version while two versions are compared, and the
difference.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mnist.errors import InvalidBatch, InvalidInput, Remedy
from mnist.images import preprocessing_digest
from mnist.keys import ObjectVersion
from mnist.operations.batches import score
from mnist.parts import Parts
from mnist.scoring.chunks import Chunk, cut_chunks
from mnist.scoring.differences import (
    NAME_COLUMNS,
    PREDICTION_COLUMNS,
    VersionPredictions,
    changed_rows,
    compare,
    content_name,
    flips,
)
from mnist.scoring.identities import Identities, identity_column
from mnist.scoring.predictions import PinnedModel
from mnist.storage.rescores import Rescores
from mnist.storage.results import Results

_VERSION_COLUMNS = ("identity", "key", "etag", "bytes")


@dataclass(frozen=True)
class RescorePlan:
    """What is scored again, and by which version.

    Attributes:
        old: Version that made the predictions.
        new: Version that makes them again.
        batches: Batches with predictions of the old version.
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
        gone: Object versions with an old row that cannot be fetched any more.
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

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._results = parts.results
        self._rescores = Rescores(parts.sure_bucket)

    def plan(self, old: str, new: str, batches: Sequence[str] | None) -> RescorePlan:
        """Find what is to be done.

        Args:
            old: Version whose predictions are in doubt.
            new: Version that scores again; empty means the champion.
            batches: Only these; None means all that the old version has scored.

        Raises:
            InvalidInput: If there is no such version, or both are the same.
            InvalidBatch: If the old version has scored nothing of a batch, or nothing at all.
            NoChampion: If the champion is wanted and there is none.
        """
        registry = self._parts.registry
        model = registry.version(new) if new else registry.champion()
        if model.version == old:
            raise InvalidInput(
                f"Version {old} would be compared with itself; name another one.",
                Remedy("rescore", {"from_version": old, "to_version": "..."}),
            )
        scored = batches_scored_by(self._results, old)
        chosen = scored if batches is None else list(batches)
        unknown = sorted(set(chosen) - set(scored))
        if unknown or not chosen:
            raise InvalidBatch(
                f"Version {old} has scored nothing of {', '.join(unknown) or 'any batch'}; "
                f"batches with its predictions: {', '.join(scored) or 'none'}."
            )
        return RescorePlan(old, model, tuple(dict.fromkeys(chosen)))

    def missing(self, plan: RescorePlan, batch: str) -> Identities:
        """Find what the old version has scored of a batch and the new one has not."""
        done = self._new_predictions(plan, batch).identities()
        return self._old_predictions(plan, batch).identities() - done

    def chunks(self, plan: RescorePlan, batch: str, missing: Identities) -> Iterator[Chunk]:
        """Cut what is missing into units of work, as fast as they are taken."""
        versions = self._versions(batch, missing)
        model = self._parts.acceptance.judged(plan.new, f"{batch}/")
        return cut_chunks(versions, batch, model, self._parts.settings.chunk_images)

    def score(self, plan: RescorePlan, chunk: Chunk) -> int:
        """Score a chunk with the new version and record its rows; return how many.

        Raises:
            Unavailable: If the store or the registry does not answer; nothing is recorded then.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        rows = score(self._parts, chunk).rows
        if rows.num_rows:
            self._rescores.write_part(plan.folder, chunk.batch, chunk.name, rows)
        return int(rows.num_rows)

    def difference(self, plan: RescorePlan) -> Difference:
        """Put old and new predictions side by side and record what changed."""
        sums: Counter[str] = Counter()
        tables = []
        for batch in plan.batches:
            comparison = compare(
                self._old_predictions(plan, batch), self._new_predictions(plan, batch)
            )
            names = (rows for _, rows in self._results.parts(batch, NAME_COLUMNS))
            tables.append(changed_rows(comparison, names))
            sums.update(compared=comparison.compared, gone=comparison.gone)
        changed = pa.concat_tables(tables)
        parquet, csv = self._rescores.write_difference(plan.folder, content_name(changed), changed)
        return Difference(
            sums["compared"], sums["gone"], changed.num_rows, flips(changed), parquet, csv
        )

    def _old_predictions(self, plan: RescorePlan, batch: str) -> VersionPredictions:
        parts = self._results.parts(batch, PREDICTION_COLUMNS)
        return _predictions(plan.old, (rows for _, rows in parts))

    def _new_predictions(self, plan: RescorePlan, batch: str) -> VersionPredictions:
        parts = self._rescores.parts(plan.folder, batch, PREDICTION_COLUMNS)
        return _predictions(plan.new.version, parts)

    def _versions(self, batch: str, missing: Identities) -> Iterator[ObjectVersion]:
        """Yield object versions, each once, part by part of their old rows."""
        if not len(missing):
            return
        taken = np.zeros(len(missing), bool)
        for _, rows in self._results.parts(batch, _VERSION_COLUMNS):
            places = missing.places(identity_column(rows))
            fresh = (places >= 0) & ~taken[places]
            taken[places[fresh]] = True
            for row in rows.filter(pa.array(fresh)).to_pylist():
                yield ObjectVersion(row["key"], row["etag"], row["bytes"])


def _predictions(version: str, parts: Iterable[pa.Table]) -> VersionPredictions:
    predictions = VersionPredictions(version)
    for rows in parts:
        predictions.add(rows)
    return predictions


def batches_scored_by(results: Results, version: str) -> list[str]:
    """Name the batches with predictions of a model version, in order."""
    return sorted(
        batch
        for batch, receipt in results.latest_receipts().by_batch.items()
        if any(model.version == version for model in receipt.models)
    )
