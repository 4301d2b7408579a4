"""Saying what an image shows, and taking it back. The entry itself is the line of who said it."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard.access.people import Person, require_editor
from mnist.errors import InvalidInput
from mnist.reviews.queue import Ticket
from mnist.reviews.review import Answer, Review, new_id, standing
from mnist.storage.reviews import ReviewLog


def answer(log: ReviewLog, person: Person, ticket: Ticket, said: Answer) -> Review:
    """Record what a person says of an image.

    Raises:
        AccessDenied: If they may only look.
        Unavailable: If the store does not answer; nothing is recorded then.
    """
    require_editor(person, "label images")
    at = datetime.now(UTC)
    review = Review(
        id=new_id(at),
        at=at,
        reviewer=person.name,
        key=ticket.version.key,
        etag=ticket.version.etag,
        size=ticket.version.size,
        sha256=ticket.sha256,
        answer=said,
        read_as=ticket.read_as,
        model_version=ticket.model_version,
    )
    log.append(review)
    return review


def undo(log: ReviewLog, person: Person) -> Review:
    """Take back the last answer of this person that stands, and return that answer.

    Raises:
        AccessDenied: If they may only look.
        InvalidInput: If none of their answers stands.
    """
    require_editor(person, "take back labels")
    own = [r for r in standing(log.recorded().reviews) if r.reviewer == person.name]
    if not own:
        raise InvalidInput(f"No answer of {person.name} stands, so there is nothing to take back.")
    log.append(own[-1].withdrawal())
    return own[-1]
