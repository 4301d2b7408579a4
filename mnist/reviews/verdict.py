"""Whose fault a misclassified image is: the model's, the label's, or the image's own."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import AwareDatetime, Field

from mnist.reviews.content import ImageContent
from mnist.reviews.review import Reviewer


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


class Misclassified(ImageContent, frozen=True, extra="forbid"):
    """An image, its label, and the prediction that differs from it.

    Attributes:
        label: Digit of its label.
        predicted: Digit that was predicted.
        model_version: Version that predicted it.
    """

    label: int = Field(ge=0, le=9)
    predicted: int = Field(ge=0, le=9)
    model_version: str


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


def wrong_training_labels(entries: Iterable[ErrorVerdict]) -> list[tuple[str, int]]:
    """List the training images whose label is wrong by the verdict that counts.

    Returns:
        SHA-256 of the pixels, and the label; none of a test image or of an object of a batch, whose
        labels people change on the page Labels.
    """
    return [
        pair
        for pair, entry in standing_verdicts(entries).items()
        if entry.source and entry.fault is ErrorFault.LABEL_WRONG
    ]
