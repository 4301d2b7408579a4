"""Several people about the same image: what they agree on, and how well they agree at all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from mnist.keys import ObjectVersion
from mnist.reviews.content import ImageContent
from mnist.reviews.review import Answer, Review, standing


class State(StrEnum):
    """Where an image is between its first answer and a label."""

    SECOND_LOOK = "needs a second look"
    THIRD_LOOK = "needs a third look"
    AGREED = "agreed"


@dataclass(frozen=True)
class Consensus:
    """The answers about one image so far. An image is its content: copies are the same one.

    Attributes:
        sha256: Digest of the image's bytes.
        reviews: The answers that stand, one for each reviewer, the oldest first.
        state: Whether they settle it.
        answer: What they agree on; None until they do, and where that is a value.
        value: The value of several digits that they agree on; None until they do.
    """

    sha256: str
    reviews: tuple[Review, ...]
    state: State
    answer: Answer | None
    value: str | None = None

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who has answered, in the order of their answers."""
        return tuple(review.reviewer for review in self.reviews)

    @property
    def is_audit(self) -> bool:
        """Whether everybody looked at it blind, because it was drawn for an audit."""
        return all(review.audit for review in self.reviews)

    @property
    def was_audited(self) -> bool:
        """Whether somebody looked at it blind; what measures acceptance is not learned from."""
        return any(review.audit for review in self.reviews)

    @property
    def versions(self) -> tuple[ObjectVersion, ...]:
        """Object versions that have this content, the first one reviewed first."""
        return tuple(dict.fromkeys(review.version for review in self.reviews))

    @property
    def content(self) -> ImageContent:
        """The image, as it lay where it was first reviewed."""
        first = self.versions[0]
        return ImageContent(sha256=self.sha256, key=first.key, etag=first.etag, size=first.size)

    @property
    def supporters(self) -> tuple[str, ...]:
        """Who gave the answer that was agreed on."""
        agreed = self.value or self.answer
        return tuple(
            review.reviewer for review in self.reviews if agreed and review.reply == agreed
        )


def consensuses(reviews: Iterable[Review], needed: int) -> dict[str, Consensus]:
    """Sum up the answers about each image.

    Args:
        reviews: All entries, in any order.
        needed: How many reviewers must give the same answer before it is agreed, at least 1.
            Whoever answers otherwise must be outvoted as well.

    Returns:
        SHA-256 of the content -> its consensus, in the order of the first answers.
    """
    by_image: dict[str, list[Review]] = defaultdict(list)
    for review in standing(reviews):
        by_image[review.sha256].append(review)
    return {sha256: _consensus(sha256, of_image, needed) for sha256, of_image in by_image.items()}


def _consensus(sha256: str, reviews: Sequence[Review], needed: int) -> Consensus:
    (reply, votes), *others = Counter(review.reply for review in reviews).most_common()
    if votes >= needed and all(votes > fewer for _, fewer in others):
        first = next(review for review in reviews if review.reply == reply)
        return Consensus(sha256, tuple(reviews), State.AGREED, first.answer, first.value)
    state = State.THIRD_LOOK if others else State.SECOND_LOOK
    return Consensus(sha256, tuple(reviews), state, None)


@dataclass(frozen=True)
class Agreement:
    """How well two reviewers agree on the images that both have answered for.

    Attributes:
        reviewers: The two names, in alphabetical order.
        images: Images that both have answered for.
        agreed: On how many of these they gave the same answer.
        kappa: Cohen's kappa, see `cohens_kappa`.
    """

    reviewers: tuple[str, str]
    images: int
    agreed: int
    kappa: float | None

    @property
    def rate(self) -> float:
        """Share of images on which they gave the same answer, 0-1."""
        return self.agreed / self.images


def agreements(consensuses: Iterable[Consensus]) -> list[Agreement]:
    """Compare every two reviewers who have looked at the same images."""
    answers: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for consensus in consensuses:
        by_name = sorted((r.reviewer, r.reply) for r in consensus.reviews if r.reply is not None)
        for (one, first), (other, second) in combinations(by_name, 2):
            answers[one, other].append((first, second))
    return [
        Agreement(
            pair, len(both), sum(first == second for first, second in both), cohens_kappa(both)
        )
        for pair, both in sorted(answers.items())
    ]


def cohens_kappa(answers: Sequence[tuple[str, str]]) -> float | None:
    """Measure agreement beyond chance (Cohen 1960): 1 is perfect, 0 what chance gives.

    Args:
        answers: For each image the answers of two people.

    Returns:
        Kappa; None where it is not defined: no image, or both gave the same answer for all.
    """
    if len({answer for pair in answers for answer in pair}) < 2:
        return None
    # scikit-learn takes a second to import, and few of those who import this ask for kappa.
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415

    return float(cohen_kappa_score(*zip(*answers, strict=True)))
