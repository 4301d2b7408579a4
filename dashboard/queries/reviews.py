"""What waits for a look, and how far the reviewers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mnist.digits import Outcome, Probabilities
from mnist.keys import ObjectVersion
from mnist.reviews.agreement import Consensus, State, agreements, consensuses
from mnist.reviews.queue import BatchPredictions, Ticket, new_tickets, open_tickets
from mnist.reviews.review import Review
from mnist.reviews.trust import trusted_labels
from mnist.storage.results import Results
from mnist.tables import PROBABILITY_COLUMNS, one_row_each

_COLUMNS = (
    *("key", "etag", "bytes", "identity", "sha256", "outcome", "warnings", "model_version"),
    *("chunk", "scored_at", "margin"),
    *PROBABILITY_COLUMNS,
)
AGAIN = ("identity", *PROBABILITY_COLUMNS)
"""What the queue needs to know of readings by other versions."""

_QUEUE = 200
_CONSIDERED = 5_000


@dataclass(frozen=True)
class Work:
    """The work of one reviewer.

    Attributes:
        tickets: What to look at, the most valuable first; at most 200 new ones.
        said: What people said of each image, by digest.
        own: Images that this reviewer has answered for.
    """

    tickets: Sequence[Ticket]
    said: Mapping[str, Consensus]
    own: int

    @property
    def states(self) -> Counter[State]:
        """Images by how far they are from a label."""
        return Counter(consensus.state for consensus in self.said.values())


def readings(results: Results, batch: str, again: pa.Table | None = None) -> BatchPredictions:
    """Load what a model reads in the 5,000 images of a batch most worth a look, as a queue asks.

    Args:
        results: Where the rows lie.
        batch: Name of the batch.
        again: Columns `AGAIN` of rows of the same images by other versions, if there are any.

    Raises:
        IntegrityError: If a part is not the Parquet file it should be.
        Unavailable: If the store does not answer.
    """
    table = one_row_each(table for _, table in results.parts(batch, _COLUMNS))
    scored = table.filter(pc.equal(table["outcome"], Outcome.SCORED))
    others = _others(scored, again)
    kept = _worth_a_look(scored, others)
    scored = scored.take(pa.array(kept))
    named = (scored[name].to_pylist() for name in ("key", "etag", "bytes"))
    return BatchPredictions(
        [ObjectVersion(*values) for values in zip(*named, strict=True)],
        scored["sha256"].to_pylist(),
        _probabilities(scored),
        np.asarray(pc.greater(pc.list_value_length(scored["warnings"]), 0).to_numpy(), bool),
        scored["model_version"].to_pylist(),
        others[kept],
    )


def _others(scored: pa.Table, again: pa.Table | None) -> Probabilities:
    """Find what another version reads in each row, shape (n, 10); NaN where none has looked.

    Of several versions the one that differs counts: it is what a person should know of.
    """
    others = np.full((scored.num_rows, len(PROBABILITY_COLUMNS)), np.nan, np.float32)
    if again is None or not again.num_rows:
        return others
    own = dict(zip(scored["identity"].to_pylist(), range(scored.num_rows), strict=True))
    digits = _probabilities(scored).argmax(axis=1)
    probabilities = _probabilities(again)
    for number, identity in enumerate(again["identity"].to_pylist()):
        row = own.get(identity)
        if row is not None and probabilities[number].argmax() != digits[row]:
            others[row] = probabilities[number]
    return others


def _probabilities(table: pa.Table) -> Probabilities:
    columns = [table[name].to_numpy() for name in PROBABILITY_COLUMNS]
    return np.stack(columns, axis=1).astype(np.float32)


def _worth_a_look(scored: pa.Table, others: Probabilities) -> NDArray[np.intp]:
    """Choose so many rows that the queue is made at once, however large the batch is."""
    if scored.num_rows <= _CONSIDERED:
        return np.arange(scored.num_rows)
    odd = pc.greater(pc.list_value_length(scored["warnings"]), 0).to_numpy()
    contradicted = ~np.isnan(others[:, 0])
    doubt = np.where(odd | contradicted, 0.0, scored["margin"].to_numpy())
    return np.sort(np.argpartition(doubt, _CONSIDERED)[:_CONSIDERED])


def work_of(
    reviewer: str,
    reviews: Iterable[Review],
    needed: int,
    found: BatchPredictions | None,
    confusion: Sequence[Sequence[int]] | None,
) -> Work:
    """Put together what a reviewer should look at: what others have begun, then new images."""
    said = consensuses(reviews, needed)
    begun = open_tickets(said.values(), reviewer)
    new = new_tickets(found, said, confusion, _QUEUE) if found is not None else []
    own = sum(reviewer in consensus.reviewers for consensus in said.values())
    return Work([*begun, *new], said, own)


def reviewers(reviews: Sequence[Review], needed: int) -> pd.DataFrame:
    """List every reviewer's record."""
    records = trusted_labels(reviews, needed).records
    return pd.DataFrame(
        [
            {
                "reviewer": record.name,
                "answers": record.answers,
                "corrections": record.corrections,
                "compared": record.compared,
                "confirmed": record.confirmed,
                "counts": not record.doubtful,
            }
            for record in records
        ],
        columns=["reviewer", "answers", "corrections", "compared", "confirmed", "counts"],
    )


def agreement(said: Iterable[Consensus]) -> pd.DataFrame:
    """List how well every two reviewers agree."""
    return pd.DataFrame(
        [
            {
                "reviewers": " and ".join(each.reviewers),
                "images": each.images,
                "agreed": each.agreed,
                "rate": each.rate,
                "kappa": each.kappa,
            }
            for each in agreements(said)
        ],
        columns=["reviewers", "images", "agreed", "rate", "kappa"],
    )
