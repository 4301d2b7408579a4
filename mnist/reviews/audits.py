"""What audits came to: images drawn at random, and what people saw who were not shown the digit.

An answer counts once people agree on it. While they disagree, a prediction that somebody
contradicts counts as wrong; so does one for an image that shows no digit, or none that people can
tell. Who contradicts the model too often to be believed, with nobody else to confirm it, is set
aside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnist.reviews.agreement import Consensus, State, consensuses
from mnist.reviews.review import Review
from mnist.reviews.trust import ReviewerRecord, trusted_reviews

_LEAST_ANSWERS = 10
_LEAST_AGREEMENT = 0.7
"""A model that is wrong more often than this is not in use; whoever says so may be guessing."""


@dataclass(frozen=True)
class Audits:
    """The audits of all sources.

    Attributes:
        images: Images of one digit that count, the first one answered first.
        values: Places with a value of several digits that count, in the same order.
        open: How many wait for another look.
        set_aside: Reviewers whose answers do not count.
    """

    images: Sequence[Consensus]
    values: Sequence[Consensus]
    open: int
    set_aside: tuple[str, ...]


def audits_of(reviews: Iterable[Review], needed: int) -> Audits:
    """Sum up what people answered in audits.

    Args:
        reviews: All entries, in any order.
        needed: How many reviewers must give the same answer.
    """
    trusted, records = trusted_reviews(reviews, needed)
    blind = [review for review in trusted if review.audit]
    contradicting = {record.name for record in records if _contradicts(record, blind)}
    kept = [review for review in blind if review.reviewer not in contradicting]
    images = list(consensuses(kept, needed).values())
    settled = [image for image in images if image.state in {State.AGREED, State.THIRD_LOOK}]
    doubtful = {record.name for record in records if record.doubtful}
    return Audits(
        [image for image in settled if image.reviews[0].read_value is None],
        [image for image in settled if image.reviews[0].read_value is not None],
        len(images) - len(settled),
        tuple(sorted(contradicting | doubtful)),
    )


def is_wrong(image: Consensus, predicted: str | None) -> bool:
    """Tell whether a prediction, a digit or a whole value as text, counts as wrong."""
    if image.state is State.AGREED:
        return (image.value or image.answer) != predicted
    return any(review.reply != predicted for review in image.reviews)


def _contradicts(record: ReviewerRecord, blind: Sequence[Review]) -> bool:
    """Tell whether somebody contradicts the model all the time and nobody confirms it."""
    own = [r for r in blind if r.reviewer == record.name and r.predicted is not None]
    agreed = sum(review.reply == review.predicted for review in own)
    is_confirmed = record.compared >= _LEAST_ANSWERS and not record.doubtful
    return len(own) >= _LEAST_ANSWERS and agreed < _LEAST_AGREEMENT * len(own) and not is_confirmed
