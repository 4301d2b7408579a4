"""A ticket: something that a person should look at, and why."""

from dataclasses import dataclass

from mnist.keys import ObjectVersion
from mnist.reviews.review import Box


@dataclass(frozen=True)
class Ticket:
    """An image to look at, and why.

    Attributes:
        version: Where it lies.
        sha256: Digest of its bytes; the label will be about these.
        read_as: Digit that the model predicts, if it does.
        model_version: Version that predicted it; empty if none did.
        value: What its label is worth; only the order of values means something.
        reasons: Why it stands where it stands, in sentences for people.
        confidence: Confidence of that prediction, 0-1, if it is known.
        audit: Whether it was drawn for an audit: the digit is not shown.
        read_value: Value of several digits that the model predicts; None where it is one digit.
        boxes: Where the digits of that value are, on the upright picture.
        cuts: Columns of the upright picture at which the reviewer has cut it instead.
    """

    version: ObjectVersion
    sha256: str
    read_as: int | None
    model_version: str
    value: float
    reasons: tuple[str, ...]
    confidence: float | None = None
    audit: bool = False
    read_value: str | None = None
    boxes: tuple[Box, ...] = ()
    cuts: tuple[int, ...] = ()
