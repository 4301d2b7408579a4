"""Reviews in the labels bucket: one object each, created once, never changed or deleted by us."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC

from pydantic import ValidationError

from mnist.errors import IntegrityError
from mnist.reviews.review import Review
from mnist.storage.bucket import Bucket

_PREFIX = "reviews/"
_READERS = 8


@dataclass(frozen=True)
class RecordedReviews:
    """Everything that people have said.

    Attributes:
        reviews: All entries, those withdrawn included, in the order of their keys.
        unreadable: Keys of objects that lie among the reviews and are none.
    """

    reviews: Sequence[Review]
    unreadable: Sequence[str]


class ReviewLog:
    """The folder `reviews/` of the labels bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._known: dict[str, Review | None] = {}

    def append(self, review: Review) -> str:
        """Record an entry and return its key.

        Raises:
            IntegrityError: If there is another entry of that name; nothing is overwritten.
            Unavailable: If the store does not answer.
        """
        key = review_key(review)
        content = review.model_dump_json(indent=2, exclude_defaults=True).encode()
        if self._bucket.create(key, content) is None and self._bucket.fetch(key) != content:
            raise IntegrityError(f"{self._bucket.name}/{key} exists and is another review.")
        return key

    def recorded(self) -> RecordedReviews:
        """Read every entry. Entries never change, so each is fetched once in the life of this.

        Raises:
            Unavailable: If the store does not answer.
            AccessDenied: If it refuses the credentials.
        """
        keys = [version.key for page in self._bucket.versions(_PREFIX) for version in page]
        missing = [key for key in keys if key not in self._known]
        with ThreadPoolExecutor(_READERS) as pool:
            for key, content in zip(missing, pool.map(self._bucket.fetch, missing), strict=True):
                self._known[key] = _review(key, content)
        found = {key: self._known[key] for key in keys}
        return RecordedReviews(
            [review for review in found.values() if review is not None],
            [key for key, review in found.items() if review is None],
        )


def review_key(review: Review) -> str:
    """Say where an entry lies: `reviews/<date>/<id>.json`, dates in UTC."""
    return f"{_PREFIX}{review.at.astimezone(UTC):%Y-%m-%d}/{review.id}.json"


def _review(key: str, content: bytes) -> Review | None:
    """Read an entry; one that claims another name than its key has is none of ours."""
    try:
        review = Review.model_validate_json(content)
    except ValidationError:
        return None
    return review if review_key(review) == key else None
