"""The predictions of a batch that people should look at: doubtful ones, and a random share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashboard.components.labelled_predictions import probabilities_in
from mnist.acceptance.drawing import draw_audits
from mnist.digits import Outcome, Probabilities
from mnist.keys import ObjectVersion
from mnist.reviews.queue import BatchPredictions
from mnist.reviews.value_queue import ValuePrediction
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

_CONSIDERED = 5_000


@dataclass(frozen=True, eq=False)
class QueuedPredictions:
    """What waits for a look in one batch.

    Attributes:
        doubtful: The 5,000 predictions most worth a look; none that is audited.
        audited: The random share that is looked at blind, in its order.
        values: Values of several digits that are not accepted; none that is audited.
        audited_values: The random share of values that is looked at blind, in its order.
        for_review: Digests of what was not accepted, and of what is audited.
        no_digits: The queue of what is not one digit, says the model; None in that queue.
    """

    doubtful: BatchPredictions
    audited: BatchPredictions
    values: Sequence[ValuePrediction] = ()
    audited_values: Sequence[ValuePrediction] = ()
    for_review: frozenset[str] = frozenset()
    no_digits: "QueuedPredictions | None" = None

    @property
    def audited_digests(self) -> list[str]:
        """Digests of what is audited, digits and values."""
        return [*self.audited.sha256, *(value.sha256 for value in self.audited_values)]


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
    values, audited_values = _values_in(batch, table, audit_share, audit_key)
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
    of_values = (value.sha256 for value in (*values, *audited_values))
    for_review = frozenset({*refused, *audited["sha256"].to_pylist(), *of_values})
    audits = _predictions_in(audited)
    apart = _queue_of_no_digits(no_digits, again)
    return QueuedPredictions(doubtful, audits, values, audited_values, for_review, apart)


def _queue_of_no_digits(rows: pa.Table, again: pa.Table | None) -> QueuedPredictions:
    contradictions = _contradictions(rows, again)
    kept = _worth_a_look(rows, contradictions)
    worth = _predictions_in(rows.take(pa.array(kept)), contradictions[kept])
    waiting = frozenset(rows["sha256"].to_pylist())
    none = _predictions_in(rows.slice(0, 0))
    return QueuedPredictions(replace(worth, no_digit=True), none, for_review=waiting)


def _values_in(
    batch: str, table: pa.Table, share: float, key: bytes
) -> tuple[list[ValuePrediction], list[ValuePrediction]]:
    """Take the values of several digits: the least sure ones not accepted, and those drawn."""
    if "value" not in table.column_names:  # rows from before there were any
        return [], []
    values = table.filter(pc.and_(pc.is_valid(table["value"]), pc.is_null(table["margin"])))
    drawn = np.empty(0, np.intp)
    if share and values.num_rows:
        # About others more than the confidence decides, and nobody has it changed by audits.
        plain = pc.equal(pc.list_value_length(values["warnings"]), 0)
        unfailed = pc.not_equal(values["check"], "failed")
        rows = np.flatnonzero(pc.and_(plain, unfailed).to_numpy())
        of_these = values.take(pa.array(rows))
        confidence = of_these["value_confidence"].to_numpy()
        digests = of_these["sha256"].to_pylist()
        drawn = rows[draw_audits(f"{batch}/values", digests, confidence, share, key)]
    rest = values.take(pa.array(np.setdiff1d(np.arange(values.num_rows), drawn)))
    refused = rest.filter(pc.invert(rest["accepted"]))
    refused = refused.sort_by("value_confidence").slice(0, _CONSIDERED)
    return _value_predictions(refused), _value_predictions(values.take(pa.array(drawn)))


def _value_predictions(rows: pa.Table) -> list[ValuePrediction]:
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
