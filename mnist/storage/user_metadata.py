"""What the owner of an object wrote beside it (`x-amz-meta-…`), as one text for its row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from typing import Any

_MOST_CHARACTERS = 8_000
"""S3 takes two thousand bytes; some stores take more, and a row is no place for files."""

_NOT_OF_THE_USER = frozenset(
    {
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Type",
        "Storage-Class",
    }
)
"""Attributes of an object as obstore spells them; the other ones are its user metadata."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object, or the part of it that was asked for.

    Attributes:
        content: Its bytes.
        metadata: Its user metadata, by name in lower case.
    """

    content: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)


def of_answer(answer: Any) -> dict[str, str]:
    """Return the user metadata of an object that obstore has found."""
    attributes = answer.attributes.items()
    return {name: value for name, value in attributes if name not in _NOT_OF_THE_USER}


def as_text(metadata: Mapping[str, str]) -> str | None:
    """Write user metadata as a JSON object, names in order; None if there are none.

    HTTP headers are ASCII. What clients do with other characters is undone here: MIME words
    (RFC 2047, as AWS stores them) are decoded, and UTF-8 that was sent as it is.
    """
    if not metadata:
        return None
    readable = {name: _readable(value) for name, value in sorted(metadata.items())}
    text = json.dumps(readable, ensure_ascii=False)
    if len(text) > _MOST_CHARACTERS:
        why = f"{len(text)} characters of metadata; at most {_MOST_CHARACTERS} are recorded"
        return json.dumps({"left-out": why})
    return text


def sendable(metadata: Mapping[str, str]) -> dict[str, str]:
    """Make user metadata ASCII, as AWS does (RFC 2047), so that any client can send them."""
    readable = {name: _readable(value) for name, value in metadata.items()}
    return {
        name: value if value.isascii() else Header(value, "utf-8").encode(maxlinelen=0)
        for name, value in readable.items()
    }


def _readable(value: str) -> str:
    if not value.isascii():
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return value
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return value
