"""Reviews in the labels bucket: one object each, created once, never changed or deleted by us."""

from datetime import UTC

from mnist.errors import IntegrityError
from mnist.keys import REVIEWS
from mnist.reviews.review import Review
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import Entries, ObjectLog


class ReviewLog:
    """The folder `reviews/` of the labels bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.log = ObjectLog(bucket, REVIEWS, _review)

    def append(self, review: Review) -> str:
        """Record an entry and return its key.

        Raises:
            IntegrityError: If there is another entry of that name; nothing is overwritten.
        """
        key = review_key(review)
        content = review.model_dump_json(indent=2, exclude_defaults=True).encode()
        if not self.log.create(key, content) and self._bucket.fetch(key) != content:
            raise IntegrityError(f"{self._bucket.name}/{key} exists and is another review.")
        return key

    def recorded(self) -> Entries[Review]:
        """Return every entry, those withdrawn included."""
        return self.log.entries()


def review_key(review: Review) -> str:
    """Say where an entry lies: `reviews/<date>/<id>.json`, dates in UTC."""
    return f"{REVIEWS}{review.at.astimezone(UTC):%Y-%m-%d}/{review.id}.json"


def _review(key: str, content: bytes) -> Review:
    review = Review.model_validate_json(content)
    if review_key(review) != key:
        raise ValueError(f"claims to be {review_key(review)}")
    return review
