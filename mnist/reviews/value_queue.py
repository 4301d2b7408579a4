"""Which value of several digits a person should look at next: what the model is least sure of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mnist.keys import ObjectVersion
from mnist.reviews.agreement import Consensus
from mnist.reviews.begun_queue import AUDIT
from mnist.reviews.review import Box
from mnist.reviews.ticket import Ticket

_FAILED_CHECK = 1.0
"""A value whose check failed is wrong, or its form is: it comes before what is only doubtful."""


@dataclass(frozen=True, slots=True)
class ValuePrediction:
    """What a model predicts for one place of several digits.

    Attributes:
        version: Where it lies.
        sha256: Digest of it.
        value: The predicted value.
        confidence: Of the whole value, 0-1.
        check: `passed`, `failed` or `none`.
        detail: What was recorded about a failed check; empty for most.
        odd: Whether the place carries a warning.
        model_version: Which version predicted it.
        boxes: Where its digits are, on the upright picture.
    """

    version: ObjectVersion
    sha256: str
    value: str
    confidence: float
    check: str
    detail: str
    odd: bool
    model_version: str
    boxes: tuple[Box, ...]


def value_tickets(
    predictions: Iterable[ValuePrediction], consensuses: Mapping[str, Consensus], limit: int
) -> list[Ticket]:
    """List places that nobody has looked at: failed checks first, then the least sure ones.

    Args:
        predictions: Those that are not accepted.
        consensuses: Answers so far, by digest.
        limit: At most so many tickets.
    """
    tickets = {
        one.sha256: _ticket(
            one, 1 - one.confidence + _FAILED_CHECK * (one.check == "failed"), _reasons(one)
        )
        for one in predictions
        if one.sha256 not in consensuses
    }
    return sorted(tickets.values(), key=lambda ticket: -ticket.value)[:limit]


def value_audit_tickets(
    predictions: Iterable[ValuePrediction], blind: Collection[str], seen: Collection[str] = ()
) -> list[Ticket]:
    """List values that were drawn for an audit, as `mnist.reviews.queue.audit_tickets` does.

    Args:
        predictions: Those that were drawn, in their order.
        blind: Digests of those that somebody has looked at blind.
        seen: Digests of those that this reviewer has seen without being blind.
    """
    return [
        _ticket(one, 0.0, (AUDIT,), audit=True)
        for one in predictions
        if one.sha256 not in blind and one.sha256 not in seen
    ]


def _ticket(
    one: ValuePrediction, worth: float, reasons: tuple[str, ...], *, audit: bool = False
) -> Ticket:
    return Ticket(
        version=one.version,
        sha256=one.sha256,
        read_as=None,
        model_version=one.model_version,
        value=worth,
        reasons=reasons,
        confidence=one.confidence,
        audit=audit,
        read_value=one.value,
        boxes=one.boxes,
    )


def _reasons(one: ValuePrediction) -> tuple[str, ...]:
    reasons = [one.detail] if one.detail else []
    reasons.append(f"The model is sure of the whole value by {one.confidence:.0%}.")
    if one.odd:
        reasons.append("The place is odd in some way.")
    return tuple(reasons)
