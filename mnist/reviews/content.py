"""Which image it is that a person says something of, by its content and by where it lies."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, model_validator

from mnist.keys import ObjectVersion
from mnist.reviews.review import Sha256


class ImageContent(BaseModel, frozen=True, extra="forbid"):
    """A test image, a training image, or an object of the inbox.

    Attributes:
        sha256: Digest of the content: the bytes of an object, the pixels of others.
        test_image: Its row among the test images; None for an object of the inbox.
        source: Where a training image comes from, such as `mnist`; empty for others.
        key: Key of the object in the inbox; empty for others, like what follows.
        etag: Which version of the object it is.
        size: Its length in bytes.
    """

    sha256: Sha256
    test_image: int | None = Field(None, ge=0)
    source: str = ""
    key: str = ""
    etag: str = ""
    size: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.test_image is not None) + bool(self.source) + bool(self.key) != 1:
            raise ValueError("an image is a test image, a training image or an object")
        return self

    @property
    def version(self) -> ObjectVersion | None:
        """The object version; None for another image."""
        return ObjectVersion(self.key, self.etag, self.size) if self.key else None

    @property
    def name(self) -> str:
        """What it is called, for people."""
        training_image = f"training image {self.sha256[:12]}, {self.source}" if self.source else ""
        return self.key or training_image or f"test image {self.test_image}"
