"""One review: one person's answer about one object version, or its withdrawal."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from mnist.keys import ObjectVersion


class Answer(StrEnum):
    """What a person can answer about an image."""

    ZERO, ONE, TWO, THREE, FOUR = "0", "1", "2", "3", "4"
    FIVE, SIX, SEVEN, EIGHT, NINE = "5", "6", "7", "8", "9"
    NOT_A_DIGIT = "not-a-digit"
    UNSURE = "unsure"

    @property
    def digit(self) -> int | None:
        """The digit it names, if it names one."""
        return int(self) if self.isdecimal() else None


_VALUE = r"^[ .,-]{0,20}[0-9][0-9 .,-]{0,60}$"

Value = Annotated[str, StringConstraints(pattern=_VALUE)]
"""What is written in a place, with its leading zeros; signs and blanks may stand between digits."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the upright picture."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Reviewer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Review(BaseModel, frozen=True, extra="forbid"):
    """An entry of the labels bucket. Entries are appended and never changed.

    Attributes:
        id: Name of the entry, unique.
        at: When it was made.
        reviewer: Who answers for it.
        key: Key of the image in the inbox.
        etag: Which version of it was looked at.
        size: Its length in bytes.
        sha256: Digest of the bytes that were looked at; a label is about these.
        answer: The reviewer's answer; None in an entry that takes one back, and where there is a
            value.
        value: What the reviewer sees written in a place of several digits.
        withdraws: The entry that this one takes back; None in an answer.
        read_as: Digit that the model had predicted, if it had.
        model_version: Version that had predicted it; empty if none had.
        confidence: Its confidence, 0-1; None if nobody noted it.
        audit: Whether the image was drawn for an audit: the reviewer did not see that digit.
        read_value: Value that the model had predicted, if it had.
        boxes: Where the digits of that value are: if a reviewer sees as many, each is a label.
        cuts: Columns of the upright picture between the digits, if the reviewer has cut it
            otherwise: then what lies between them is labelled, and not the boxes.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
    at: AwareDatetime
    reviewer: Reviewer
    key: str = Field(min_length=1)
    etag: str
    size: int = Field(ge=0)
    sha256: Sha256
    answer: Answer | None = None
    value: Value | None = None
    withdraws: str | None = None
    read_as: int | None = Field(None, ge=0, le=9)
    model_version: str = ""
    confidence: float | None = Field(None, ge=0, le=1)
    audit: bool = False
    read_value: str | None = None
    boxes: tuple[Box, ...] = ()
    cuts: tuple[int, ...] = Field((), max_length=100)

    @model_validator(mode="after")
    def _either_answers_or_withdraws(self) -> Self:
        if [self.answer, self.value, self.withdraws].count(None) != 2:
            raise ValueError("a review either answers, or has a value, or withdraws an earlier one")
        return self

    @property
    def reply(self) -> str | None:
        """The answer or the value, as text; None in an entry that takes one back."""
        return self.answer if self.value is None else self.value

    @property
    def predicted(self) -> str | None:
        """What the model had predicted, as text, if it had."""
        if self.read_value is not None:
            return self.read_value
        return None if self.read_as is None else str(self.read_as)

    @property
    def version(self) -> ObjectVersion:
        """The object version that was looked at."""
        return ObjectVersion(self.key, self.etag, self.size)

    def withdrawal(self, at: datetime | None = None) -> Review:
        """Make the entry that takes this answer back, in the name of the same reviewer."""
        at = at or datetime.now(UTC)
        return self.model_copy(
            update={
                "id": new_id(at),
                "at": at,
                "answer": None,
                "value": None,
                "withdraws": self.id,
            }
        )


def is_value(text: str) -> bool:
    """Tell whether a text can be a value: digits, and signs or blanks between them."""
    return re.fullmatch(_VALUE, text) is not None


def new_id(at: datetime) -> str:
    """Name an entry: in the order of time, and never twice."""
    return f"{at.astimezone(UTC):%H%M%S%f}-{secrets.token_hex(8)}"


def standing(reviews: Iterable[Review]) -> list[Review]:
    """Return the answers that count, the oldest first.

    An answer counts until its own reviewer withdraws it or answers again for the same content;
    nobody can take back somebody else's answer.
    """
    ordered = sorted(reviews, key=lambda review: (review.at, review.id))
    withdrawn = {(review.withdraws, review.reviewer) for review in ordered if review.withdraws}
    latest: dict[tuple[str, str], Review] = {}
    for review in ordered:
        if review.reply is not None and (review.id, review.reviewer) not in withdrawn:
            latest[review.sha256, review.reviewer] = review
    return sorted(latest.values(), key=lambda review: (review.at, review.id))
