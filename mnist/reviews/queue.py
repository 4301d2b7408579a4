"""Which image a person should look at next: the one whose label is worth most."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist.digits import CLASSES, Labels, Probabilities
from mnist.keys import ObjectVersion
from mnist.reviews.agreement import Consensus
from mnist.reviews.begun_queue import AUDIT
from mnist.reviews.ticket import Ticket

_WEAK_SLICE_WEIGHT = 0.5
_ODD_WEIGHT = 0.25
_CONTRADICTION_WEIGHT = 2.0
_ALIKE_FACTOR = 0.9
_CONSIDERED = 20
_DOUBT = 0.01
_NO_DIGIT = "The model says that it is not one digit; if it is one, most likely a {}."


@dataclass(frozen=True, eq=False)
class BatchPredictions:
    """Predictions for the scored images of a batch, column by column, n of each.

    Attributes:
        versions: Where they lie.
        sha256: Digests of their bytes.
        probabilities: Shape (n, 10).
        odd: Whether the image carries a warning, shape (n,), bool.
        model_versions: Which version predicted each.
        others: Probabilities of another version, shape (n, 10); NaN where there is none.
        no_digit: Whether the model says of all of them that they are not one digit.
    """

    versions: Sequence[ObjectVersion]
    sha256: Sequence[str]
    probabilities: Probabilities
    odd: NDArray[np.bool_]
    model_versions: Sequence[str]
    others: Probabilities | None = None
    no_digit: bool = False


def new_tickets(
    predictions: BatchPredictions,
    consensuses: Mapping[str, Consensus],
    confusion: Sequence[Sequence[int]] | None,
    limit: int,
) -> list[Ticket]:
    """List images that nobody has looked at, those first from which most is to be learnt.

    The value of an image is the model's uncertainty, more where another version predicts another
    digit, where the test images show that the model confuses these two digits, and where the
    picture is odd; each further image of a kind (one digit, nearly another) counts a tenth
    less than the one before it, so that the queue shows different mistakes and not the same one
    again and again (after Settles 2009, sections 3.1 and 3.5, uncertainty and density-weighted
    sampling).

    Args:
        predictions: Of the model, n images.
        consensuses: Answers so far, by digest.
        confusion: Confusion matrix of the model on its test images, rows true; None if unknown.
        limit: At most so many tickets.
    """
    rows = _first_copies(predictions.sha256, consensuses)
    if not len(rows):
        return []
    probabilities = predictions.probabilities[rows]
    order = np.argsort(probabilities, axis=1)
    digit, runner_up = order[:, -1], order[:, -2]
    chosen = np.arange(len(rows))
    doubt = 1 - (probabilities[chosen, digit] - probabilities[chosen, runner_up])
    often = _often_confused(confusion)[runner_up, digit]
    contradiction = _contradiction(predictions, rows, digit)
    value = doubt + _WEAK_SLICE_WEIGHT * often * doubt + _ODD_WEIGHT * predictions.odd[rows]
    value += _CONTRADICTION_WEIGHT * contradiction
    best = np.argsort(-value, kind="stable")[: limit * _CONSIDERED]
    rank = _rank_in_kind(digit[best] * CLASSES + runner_up[best])
    worth = value[best] * _ALIKE_FACTOR**rank
    picked = np.argsort(-worth, kind="stable")[:limit]
    return [
        Ticket(
            version=predictions.versions[row],
            sha256=predictions.sha256[row],
            read_as=int(digit[place]),
            model_version=predictions.model_versions[row],
            value=float(worth[index]),
            reasons=(_NO_DIGIT.format(digit[place]),)
            if predictions.no_digit
            else _reasons(
                probabilities[place],
                weak=bool(often[place] > 0),
                odd=bool(predictions.odd[row]),
                first=bool(rank[index] == 0),
                contradicted=bool(contradiction[place] > 0),
            ),
        )
        for index in picked
        for place in [best[index]]
        for row in [rows[place]]
    ]


def audit_tickets(
    predictions: BatchPredictions, blind: Collection[str], seen: Collection[str] = ()
) -> list[Ticket]:
    """List images that were drawn for an audit and that nobody has looked at blind, in their order.

    An image stays drawn although people have answered for it elsewhere: they look at what strikes
    them, so without those images an audit would find fewer wrong ones than there are.

    Args:
        predictions: Of the images that were drawn.
        blind: Digests of those that somebody has looked at blind.
        seen: Digests of those that this reviewer has seen without being blind.
    """
    return [
        Ticket(
            version=version,
            sha256=sha256,
            read_as=int(probabilities.argmax()),
            model_version=model_version,
            value=0.0,
            reasons=(AUDIT,),
            confidence=float(probabilities.max()),
            audit=True,
        )
        for version, sha256, probabilities, model_version in zip(
            predictions.versions,
            predictions.sha256,
            predictions.probabilities,
            predictions.model_versions,
            strict=True,
        )
        if sha256 not in blind and sha256 not in seen
    ]


def _first_copies(digests: Sequence[str], consensuses: Mapping[str, Consensus]) -> NDArray[np.intp]:
    """Pick the rows of content that nobody has looked at, each content once."""
    first: dict[str, int] = {}
    for row, sha256 in enumerate(digests):
        if sha256 not in consensuses:
            first.setdefault(sha256, row)
    return np.fromiter(first.values(), np.intp, len(first))


def _often_confused(confusion: Sequence[Sequence[int]] | None) -> NDArray[np.float64]:
    """Return (true, predicted) -> 0-1, relative to the most frequent confusion."""
    if confusion is None:
        return np.zeros((CLASSES, CLASSES))
    wrong = np.array(confusion, np.float64)
    np.fill_diagonal(wrong, 0)
    return np.asarray(wrong / max(1.0, wrong.max()))


def _contradiction(
    predictions: BatchPredictions, rows: NDArray[np.intp], digit: Labels
) -> NDArray[np.float64]:
    """Return by how much another version prefers another digit, 0-1: one of the two is wrong.

    This is confident learning (Northcutt, Jiang and Chuang 2021) with the prediction as the label.
    """
    if predictions.others is None:
        return np.zeros(len(rows))
    others = predictions.others[rows].astype(np.float64)
    preferred = others.max(axis=1) - others[np.arange(len(rows)), digit]
    return np.asarray(np.nan_to_num(preferred, nan=0.0))


def _rank_in_kind(kinds: Labels) -> NDArray[np.int64]:
    """Number the members of each kind from 0, in their order."""
    by_kind = np.argsort(kinds, kind="stable")
    sorted_kinds = kinds[by_kind]
    starts = np.r_[True, sorted_kinds[1:] != sorted_kinds[:-1]]
    start_of = np.maximum.accumulate(np.where(starts, np.arange(len(kinds)), 0))
    rank = np.empty(len(kinds), np.int64)
    rank[by_kind] = np.arange(len(kinds)) - start_of
    return rank


def _reasons(
    probabilities: NDArray[np.float32], *, weak: bool, odd: bool, first: bool, contradicted: bool
) -> tuple[str, ...]:
    order = np.argsort(probabilities)
    digit, runner_up = int(order[-1]), int(order[-2])
    doubtful = probabilities[runner_up] >= _DOUBT
    reasons = [
        f"The model hesitates: {digit} ({probabilities[digit]:.0%}) or {runner_up} "
        f"({probabilities[runner_up]:.0%})."
        if doubtful
        else f"The model is sure that it is a {digit}; is it right?"
    ]
    if contradicted:
        reasons.append("Another version predicts another digit: one of them is wrong.")
    if weak and doubtful:
        reasons.append(f"Of its test images it has taken a {runner_up} for a {digit} before.")
    if odd:
        reasons.append("The picture is odd in some way.")
    if first and doubtful:
        reasons.append(f"The first {digit} like a {runner_up} in this queue.")
    return tuple(reasons)
