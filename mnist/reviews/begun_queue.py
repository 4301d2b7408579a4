"""Which image that somebody has begun a person should look at next."""

from collections.abc import Collection, Iterable

from mnist.reviews.agreement import Consensus, State
from mnist.reviews.ticket import Ticket

_THIRD_LOOK, _CONTRADICTED, _SECOND_LOOK = 5.0, 4.0, 3.0
AUDIT = (
    "An audit: a random share of all predictions is looked at by somebody who does not see the "
    "model's answer."
)
"""Why somebody is asked who is not shown what the model predicts."""


def open_tickets(
    consensuses: Iterable[Consensus], reviewer: str, seen: Collection[str] = ()
) -> list[Ticket]:
    """List images that others have begun and this reviewer can settle, the most urgent first.

    A conflict comes first, then an answer that contradicts the model, then any first answer.
    The answers of the others are not shown.

    Args:
        consensuses: Answers so far.
        reviewer: Who asks for work.
        seen: Digests of images that this reviewer has seen without being blind.
    """
    tickets = [
        _open_ticket(consensus)
        for consensus in consensuses
        if consensus.state is not State.AGREED
        and reviewer not in consensus.reviewers
        and consensus.sha256 not in seen
    ]
    return sorted(tickets, key=lambda ticket: -ticket.value)


def _open_ticket(consensus: Consensus) -> Ticket:
    first = consensus.reviews[0]
    contradicted = first.predicted is not None and first.reply != first.predicted
    if consensus.state is State.THIRD_LOOK:
        value, reason = _THIRD_LOOK, "People disagree about it: your look decides."
    elif contradicted or consensus.is_audit:
        value, reason = _CONTRADICTED, "Somebody contradicts the model: a second look is needed."
    else:
        value, reason = _SECOND_LOOK, "Somebody has looked at it: a second look makes it a label."
    is_audit = consensus.is_audit
    return Ticket(
        first.version,
        first.sha256,
        first.read_as,
        first.model_version,
        value,
        # In an audit no word about the model's digit, nor about what others answered.
        (AUDIT if is_audit else reason,),
        confidence=first.confidence if is_audit else None,
        audit=is_audit,
        read_value=first.read_value,
        boxes=first.boxes,
    )
