"""Reviews for tests."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count

from mnist.keys import ObjectVersion
from mnist.reviews.annotation import Annotation
from mnist.reviews.content import ImageContent
from mnist.reviews.review import Answer, Review, new_id
from mnist.reviews.verdict import ErrorFault, ErrorVerdict, Misclassified

_START = datetime(2026, 11, 20, 12, tzinfo=UTC)
_SECONDS = count()


def review(image: str, reviewer: str, answer: str | None, /, **values) -> Review:
    """Let somebody answer for an image, a second later than the answer before."""
    at = _START + timedelta(seconds=next(_SECONDS))
    return Review(
        **{
            "id": new_id(at),
            "at": at,
            "reviewer": reviewer,
            "key": f"scans/{image}.png",
            "etag": "e1",
            "size": 100,
            "sha256": hashlib.sha256(image.encode()).hexdigest(),
            "answer": answer and Answer(answer),
        }
        | values
    )


def review_of(
    version: ObjectVersion, content: bytes, reviewer: str, answer: str, /, **values
) -> Review:
    """Let somebody answer for an object that is really there."""
    return review(
        "",
        reviewer,
        answer,
        key=version.key,
        etag=version.etag,
        size=version.size,
        sha256=hashlib.sha256(content).hexdigest(),
        **values,
    )


def misclassified(image: int, /, **values) -> Misclassified:
    """Name a test image that is a 4 and was predicted as a 9."""
    content = hashlib.sha256(str(image).encode()).hexdigest()
    usual = {"sha256": content, "label": 4, "predicted": 9, "model_version": "3"}
    return Misclassified(**(usual | {"test_image": image} | values))


def verdict(image: int, who: str, fault: ErrorFault | None, /, **values) -> ErrorVerdict:
    """Let somebody judge a misclassified test image, a second later than the entry before."""
    at = _START + timedelta(seconds=next(_SECONDS))
    return ErrorVerdict(at=at, who=who, fault=fault, **misclassified(image, **values).model_dump())


def content(image: int) -> ImageContent:
    """Name a test image."""
    return ImageContent(sha256=hashlib.sha256(str(image).encode()).hexdigest(), test_image=image)


def annotation(images: list[int], who: str = "ada", /, **values) -> Annotation:
    """Let somebody write on test images, a second later than the entry before."""
    at = _START + timedelta(seconds=next(_SECONDS))
    return Annotation(at=at, who=who, images=tuple(map(content, images)), **values)
