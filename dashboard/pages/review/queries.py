"""What waits for a look, and how far the reviewers are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashboard.components.labelled_predictions import probabilities_in
from mnist.acceptance.drawing import draw_audits
from mnist.digits import Outcome, Probabilities
from mnist.keys import ObjectVersion
from mnist.reviews.agreement import Consensus, State, agreements, consensuses
from mnist.reviews.queue import BatchPredictions, audit_tickets, new_tickets, open_tickets
from mnist.reviews.review import Review, standing
from mnist.reviews.ticket import Ticket
from mnist.reviews.trust import trusted_labels
from mnist.reviews.value_queue import ValuePrediction, value_tickets
from mnist.storage.results import Results
from mnist.tables import BOX_COLUMNS, PROBABILITY_COLUMNS, one_row_each

_COLUMNS = (
    *("key", "etag", "bytes", "identity", "sha256", "outcome", "warnings", "model_version"),
    *("chunk", "scored_at", "margin"),
    *("accepted", "value", "value_confidence", "check", "detail", "marks"),
    *PROBABILITY_COLUMNS,
)
AGAIN = ("identity", *PROBABILITY_COLUMNS)
"""What the queue needs to know of predictions by other versions."""

_QUEUE = 200
_AUDITS = 100
_CONSIDERED = 5_000


@dataclass(frozen=True)
class Work:
    """The work of one reviewer.

    Attributes:
        tickets: What to look at, the most valuable first; at most 200 new ones.
        consensuses: What people answered for each image, by digest.
        blind: What those answered who were blind, of images drawn for an audit.
        own: Images that this reviewer has answered for.
    """

    tickets: Sequence[Ticket]
    consensuses: Mapping[str, Consensus]
    blind: Mapping[str, Consensus]
    own: int

    @property
    def states(self) -> Counter[State]:
        """Images by how far they are from a label."""
        return Counter(consensus.state for consensus in self.consensuses.values())


@dataclass(frozen=True, eq=False)
class QueuedPredictions:
    """What waits for a look in one batch.

    Attributes:
        doubtful: The 5,000 predictions most worth a look; none that is audited.
        audited: The random share that is looked at blind, in its order.
        values: Values of several digits that are not accepted.
        for_review: Digests of what was not accepted, and of what is audited.
        no_digits: The queue of what is not one digit, says the model; None in that queue.
    """

    doubtful: BatchPredictions
    audited: BatchPredictions
    values: Sequence[ValuePrediction] = ()
    for_review: frozenset[str] = frozenset()
    no_digits: "QueuedPredictions | None" = None

    def done(self, work: Work, reviewer: str) -> int:
        """Count what this reviewer has answered for, or others have settled, an audit blind."""
        audited = dict.fromkeys(self.audited.sha256, work.blind)
        settling = {sha256: audited.get(sha256, work.consensuses) for sha256 in self.for_review}
        return sum(
            sha256 in work.consensuses
            and (
                reviewer in work.consensuses[sha256].reviewers
                or (sha256 in answers and answers[sha256].state is State.AGREED)
            )
            for sha256, answers in settling.items()
        )


def queue_predictions(
    results: Results,
    batch: str,
    again: pa.Table | None = None,
    *,
    audit_share: float = 0.0,
    audit_key: bytes = b"",
) -> QueuedPredictions:
    """Fetch what a model predicts for the images of a batch that people should look at.

    Audits are drawn from the predictions that only the confidence decides about: those of images
    without a warning.

    Args:
        results: Where the rows lie.
        batch: Name of the batch.
        again: Columns `AGAIN` of rows of the same images by other versions, if there are any.
        audit_share: Share of them that is audited, 0-1.
        audit_key: Makes the draw unforeseeable.

    Raises:
        IntegrityError: If a part is not the Parquet file it should be.
    """
    table = one_row_each(table for _, table in results.parts(batch, _COLUMNS))
    values = _values_in(table)
    is_no_digit = pc.equal(table["outcome"], Outcome.NOT_A_DIGIT)
    no_digits = table.filter(is_no_digit)
    scored = table.filter(pc.and_(pc.is_valid(table["margin"]), pc.invert(is_no_digit)))
    drawn = _drawn(batch, scored, audit_share, audit_key)
    rest = np.setdiff1d(np.arange(scored.num_rows), drawn)
    audited, scored = scored.take(pa.array(drawn)), scored.take(pa.array(rest))
    contradictions = _contradictions(scored, again)
    kept = _worth_a_look(scored, contradictions)
    doubtful = _predictions_in(scored.take(pa.array(kept)), contradictions[kept])
    refused = scored.filter(pc.invert(scored["accepted"]))["sha256"].to_pylist()
    for_review = {*refused, *audited["sha256"].to_pylist(), *(value.sha256 for value in values)}
    audits = _predictions_in(audited)
    apart = _queue_of_no_digits(no_digits, again)
    return QueuedPredictions(doubtful, audits, values, frozenset(for_review), apart)


def _queue_of_no_digits(rows: pa.Table, again: pa.Table | None) -> QueuedPredictions:
    contradictions = _contradictions(rows, again)
    kept = _worth_a_look(rows, contradictions)
    worth = _predictions_in(rows.take(pa.array(kept)), contradictions[kept])
    waiting = frozenset(rows["sha256"].to_pylist())
    none = _predictions_in(rows.slice(0, 0))
    return QueuedPredictions(replace(worth, no_digit=True), none, for_review=waiting)


def _values_in(table: pa.Table) -> list[ValuePrediction]:
    """Take the values of several digits that are not accepted, the least sure ones of them."""
    if "value" not in table.column_names:  # rows from before there were any
        return []
    is_open = pc.and_(pc.is_valid(table["value"]), pc.is_null(table["margin"]))
    rows = table.filter(pc.and_(is_open, pc.invert(table["accepted"])))
    rows = rows.sort_by("value_confidence").slice(0, _CONSIDERED)
    return [
        ValuePrediction(
            version=ObjectVersion(row["key"], row["etag"], row["bytes"]),
            sha256=row["sha256"],
            value=row["value"],
            confidence=row["value_confidence"],
            check=row["check"],
            detail=row["detail"] or "",
            odd=bool(row["warnings"]),
            model_version=row["model_version"],
            boxes=tuple(tuple(mark[side] for side in BOX_COLUMNS) for mark in row["marks"]),
        )
        for row in rows.to_pylist()
    ]


def _drawn(batch: str, scored: pa.Table, share: float, key: bytes) -> NDArray[np.intp]:
    """Draw audits; return their rows in the order of the draw."""
    if not share:
        return np.empty(0, np.intp)
    plain = np.flatnonzero(pc.equal(pc.list_value_length(scored["warnings"]), 0).to_numpy())
    rows = scored.take(pa.array(plain))
    confidence = probabilities_in(rows).max(axis=1) if len(plain) else np.empty(0)
    return plain[draw_audits(batch, rows["sha256"].to_pylist(), confidence, share, key)]


def _predictions_in(scored: pa.Table, others: Probabilities | None = None) -> BatchPredictions:
    named = (scored[name].to_pylist() for name in ("key", "etag", "bytes"))
    return BatchPredictions(
        [ObjectVersion(*values) for values in zip(*named, strict=True)],
        scored["sha256"].to_pylist(),
        probabilities_in(scored),
        np.asarray(pc.greater(pc.list_value_length(scored["warnings"]), 0).to_numpy(), bool),
        scored["model_version"].to_pylist(),
        others,
    )


def _contradictions(scored: pa.Table, again: pa.Table | None) -> Probabilities:
    """Find what another version predicts otherwise, shape (n, 10); NaN where none does."""
    contradictions = np.full((scored.num_rows, len(PROBABILITY_COLUMNS)), np.nan, np.float32)
    if again is None or not again.num_rows:
        return contradictions
    rows = dict(zip(scored["identity"].to_pylist(), range(scored.num_rows), strict=True))
    digits = probabilities_in(scored).argmax(axis=1)
    probabilities = probabilities_in(again)
    for number, identity in enumerate(again["identity"].to_pylist()):
        row = rows.get(identity)
        if row is not None and probabilities[number].argmax() != digits[row]:
            contradictions[row] = probabilities[number]
    return contradictions


def _worth_a_look(scored: pa.Table, contradictions: Probabilities) -> NDArray[np.intp]:
    """Choose so many rows that the queue is made at once, however large the batch is."""
    if scored.num_rows <= _CONSIDERED:
        return np.arange(scored.num_rows)
    odd = pc.greater(pc.list_value_length(scored["warnings"]), 0).to_numpy()
    contradicted = ~np.isnan(contradictions[:, 0])
    doubt = np.where(odd | contradicted, 0.0, scored["margin"].to_numpy())
    return np.sort(np.argpartition(doubt, _CONSIDERED)[:_CONSIDERED])


def work_of(
    reviewer: str,
    reviews: Iterable[Review],
    needed: int,
    predictions: QueuedPredictions | None,
    confusion: Sequence[Sequence[int]] | None,
) -> Work:
    """Put together what a reviewer should look at: what others have begun, audits, new images."""
    standing_reviews = standing(reviews)
    answers = consensuses(standing_reviews, needed)
    blind = consensuses([review for review in standing_reviews if review.audit], needed)
    others = [image for sha256, image in answers.items() if sha256 not in blind]
    seen = {r.sha256 for r in standing_reviews if r.reviewer == reviewer and not r.audit}
    begun = open_tickets([*blind.values(), *others], reviewer, seen)
    new = []
    if predictions is not None:
        audits = audit_tickets(predictions.audited, blind, seen)
        doubtful = [
            *new_tickets(predictions.doubtful, answers, confusion, _QUEUE),
            *value_tickets(predictions.values, answers, _QUEUE),
        ]
        new = [*audits[:_AUDITS], *sorted(doubtful, key=lambda ticket: -ticket.value)[:_QUEUE]]
    own = sum(reviewer in consensus.reviewers for consensus in answers.values())
    return Work([*begun, *new], answers, blind, own)


def is_done(consensus: Consensus, reviewer: str) -> bool:
    """Tell whether nobody waits for this reviewer's answer about an image."""
    return consensus.state is State.AGREED or reviewer in consensus.reviewers


def selected_tickets(
    selection: Sequence[Ticket], answers: Mapping[str, Consensus], reviewer: str
) -> list[Ticket]:
    """Keep what of a selection waits for this reviewer, in its order, each content once."""
    tickets = {ticket.sha256: ticket for ticket in reversed(selection)}
    return [
        ticket
        for sha256, ticket in reversed(tickets.items())
        if sha256 not in answers or not is_done(answers[sha256], reviewer)
    ]


def reviewers(reviews: Sequence[Review], needed: int) -> pd.DataFrame:
    """List every reviewer's record."""
    columns = ["reviewer", "answers", "corrections", "compared", "confirmed", "counts"]
    lines = [
        (r.name, r.answers, r.corrections, r.compared, r.confirmed, not r.doubtful)
        for r in trusted_labels(reviews, needed).records
    ]
    return pd.DataFrame(lines, columns=columns)


def agreement(answers: Iterable[Consensus]) -> pd.DataFrame:
    """List how well every two reviewers agree."""
    columns = ["reviewers", "images", "agreed", "rate", "kappa"]
    lines = [
        (" and ".join(pair.reviewers), pair.images, pair.agreed, pair.rate, pair.kappa)
        for pair in agreements(answers)
    ]
    return pd.DataFrame(lines, columns=columns)
