"""Which labels are good enough to learn from, and whose: a guard against wrong and planted ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnist.reviews.agreement import Consensus, State, consensuses
from mnist.reviews.review import Review, standing

_COMPARED_AT_LEAST = 10
_DOUBTFUL_BELOW = 0.7


@dataclass(frozen=True)
class ReviewerRecord:
    """What one reviewer has done.

    Attributes:
        name: Their name.
        answers: Images they have answered for.
        compared: Images among these on which others agreed without them.
        confirmed: On how many of these their answer was that of the others.
        corrections: Answers other than the digit that the model had predicted.
    """

    name: str
    answers: int
    compared: int
    confirmed: int
    corrections: int

    @property
    def doubtful(self) -> bool:
        """Whether their answers do not count: too often others agree on something else."""
        return (
            self.compared >= _COMPARED_AT_LEAST and self.confirmed < _DOUBTFUL_BELOW * self.compared
        )


@dataclass(frozen=True)
class Labels:
    """What a training may learn from.

    Attributes:
        agreed: Images whose digit was agreed on, the oldest label first.
        open: Images that still need a look.
        values: Places whose value of several digits was agreed on, the oldest label first.
        without_digit: Images agreed to show no digit, or none that a person can tell.
        records: Every reviewer, by name.
    """

    agreed: Sequence[Consensus]
    values: Sequence[Consensus]
    open: int
    without_digit: int
    records: Sequence[ReviewerRecord]


def trusted_labels(reviews: Iterable[Review], needed: int) -> Labels:
    """Sum reviews up into labels, leaving out the answers of doubtful reviewers.

    Args:
        reviews: All entries, in any order.
        needed: How many reviewers must give the same answer.
    """
    trusted, records = trusted_reviews(reviews, needed)
    images = consensuses(trusted, needed).values()
    settled = [image for image in images if image.state is State.AGREED]
    agreed = [image for image in settled if image.answer and image.answer.digit is not None]
    values = [image for image in settled if image.value is not None]
    for labels in (agreed, values):
        labels.sort(key=lambda image: (image.reviews[-1].at, image.sha256))
    without_digit = len(settled) - len(agreed) - len(values)
    return Labels(agreed, values, len(images) - len(settled), without_digit, records)


def trusted_reviews(
    reviews: Iterable[Review], needed: int
) -> tuple[list[Review], list[ReviewerRecord]]:
    """Return the answers that stand of those who are not doubtful, and everybody's record."""
    counting = standing(reviews)
    records = _records(counting, needed)
    doubtful = {record.name for record in records if record.doubtful}
    return [review for review in counting if review.reviewer not in doubtful], records


def _records(reviews: Sequence[Review], needed: int) -> list[ReviewerRecord]:
    names = sorted({review.reviewer for review in reviews})
    return [_record(name, reviews, needed) for name in names]


def _record(name: str, reviews: Sequence[Review], needed: int) -> ReviewerRecord:
    own = {review.sha256: review for review in reviews if review.reviewer == name}
    others = consensuses([review for review in reviews if review.reviewer != name], needed)
    compared = {
        sha256: others[sha256].value or others[sha256].answer
        for sha256 in own
        if sha256 in others and others[sha256].state is State.AGREED
    }
    return ReviewerRecord(
        name,
        answers=len(own),
        compared=len(compared),
        confirmed=sum(own[sha256].reply == reply for sha256, reply in compared.items()),
        corrections=sum(r.reply != r.predicted for r in own.values() if r.predicted is not None),
    )
