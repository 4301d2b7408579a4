"""Whose fault a misclassified image is: the model's, the label's, or the image's own."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from mnist.keys import ObjectVersion
from mnist.reviews.review import Reviewer, Sha256


class ErrorFault(StrEnum):
    """What a person can say of an image whose prediction is not its label."""

    MODEL_WRONG = "model wrong"
    LABEL_WRONG = "label wrong"
    AMBIGUOUS = "ambiguous"

    @property
    def sentence(self) -> str:
        """What it means, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    ErrorFault.MODEL_WRONG: "The label is right and the prediction is not.",
    ErrorFault.LABEL_WRONG: "The image does not show the digit of its label.",
    ErrorFault.AMBIGUOUS: "Nobody can tell which digit it shows.",
}


class Misclassified(BaseModel, frozen=True, extra="forbid"):
    """An image, its label, and the prediction that differs from it.

    Attributes:
        sha256: Digest of the content: the bytes of an object, the pixels of a test image.
        label: Digit of its label.
        predicted: Digit that was predicted.
        model_version: Version that predicted it.
        test_image: Its row among the test images; None for an object of the inbox.
        key: Key of the object in the inbox; empty for a test image, like what follows.
        etag: Which version of the object was predicted.
        size: Its length in bytes.
    """

    sha256: Sha256
    label: int = Field(ge=0, le=9)
    predicted: int = Field(ge=0, le=9)
    model_version: str
    test_image: int | None = Field(None, ge=0)
    key: str = ""
    etag: str = ""
    size: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.test_image is None) != bool(self.key):
            raise ValueError("a misclassified image is either a test image or an object")
        return self

    @property
    def version(self) -> ObjectVersion | None:
        """The object version; None for a test image."""
        return ObjectVersion(self.key, self.etag, self.size) if self.key else None

    @property
    def name(self) -> str:
        """What it is called, for people."""
        return self.key or f"test image {self.test_image}"


class ErrorVerdict(Misclassified, frozen=True, extra="forbid"):
    """What one person said of one misclassified image. Entries are appended and never changed.

    Attributes:
        at: When it was said.
        who: Who said it.
        fault: Whose fault it was; None takes back what was said before.
    """

    at: AwareDatetime
    who: Reviewer
    fault: ErrorFault | None


def standing_verdicts(entries: Iterable[ErrorVerdict]) -> dict[tuple[str, int], ErrorVerdict]:
    """Return the last word on each image and label, the oldest first, whoever said it.

    A verdict is about the label, so it holds for every version that predicts something else; where
    people settle another label, it no longer applies.

    Returns:
        Digest and label -> verdict, each with a fault.
    """
    ordered = sorted(entries, key=lambda entry: entry.at)
    last = {(entry.sha256, entry.label): entry for entry in ordered}
    standing = [entry for entry in last.values() if entry.fault is not None]
    standing.sort(key=lambda entry: entry.at)
    return {(entry.sha256, entry.label): entry for entry in standing}
