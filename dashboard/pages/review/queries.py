"""What waits for a look, and how far the reviewers are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dashboard.pages.review.queued import QueuedPredictions
from mnist.reviews.agreement import Consensus, State, agreements, consensuses
from mnist.reviews.begun_queue import open_tickets
from mnist.reviews.queue import audit_tickets, new_tickets
from mnist.reviews.review import Review, standing
from mnist.reviews.ticket import Ticket
from mnist.reviews.trust import trusted_labels
from mnist.reviews.value_queue import value_audit_tickets, value_tickets

_QUEUE = 200
_AUDITS = 100


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

    def done(self, predictions: QueuedPredictions, reviewer: str) -> int:
        """Count what this reviewer has answered for, or others have settled, an audit blind."""
        audited = dict.fromkeys(predictions.audited_digests, self.blind)
        settling = {s: audited.get(s, self.consensuses) for s in predictions.for_review}
        return sum(
            sha256 in self.consensuses
            and (
                reviewer in self.consensuses[sha256].reviewers
                or (sha256 in answers and answers[sha256].state is State.AGREED)
            )
            for sha256, answers in settling.items()
        )


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
        audits = [
            *audit_tickets(predictions.audited, blind, seen),
            *value_audit_tickets(predictions.audited_values, blind, seen),
        ]
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
