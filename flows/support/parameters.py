"""Parameters of flows as people type them.

Prefect's command line takes a value for JSON wherever it can: `-p batch=20241105` arrives as a
number, `-p who=true` as a truth value. These types take whatever arrives and give back the text.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from mnist.errors import InvalidBatch

_ANYTHING = [{"type": name} for name in ("string", "number", "boolean", "null", "array", "object")]
_LARGEST_SEED = 2**32 - 1


class Unspelled(str):
    """A text whose spelling was lost on its way: `1e5` arrives as the number 100000.0.

    Attributes:
        value: What arrived.
    """

    __slots__ = ("value",)
    value: Any

    @classmethod
    def of(cls, value: object) -> "Unspelled":
        """Spell a value as JSON does."""
        text = cls(json.dumps(value))
        text.value = value
        return text


def spelled(batch: str, names: Callable[[], Iterable[str]]) -> str:
    """Find the batch that was meant, if its name lost its spelling on the way.

    Args:
        batch: As it arrived.
        names: Lists the batches there are; called only if it is needed.

    Raises:
        InvalidBatch: If the names of several batches arrive like this one.
    """
    if not isinstance(batch, Unspelled):
        return batch
    arrived = json.dumps(batch.value, sort_keys=True)
    meant = sorted(name for name in names() if _as_it_arrives(name) == arrived)
    if len(meant) > 1:
        listed = " and ".join(map(repr, meant))
        raise InvalidBatch(
            f"The batches {listed} arrive from the command line as the same value, {arrived}; "
            f"write the one you mean in two pairs of quotes: -p 'batch=\"{meant[-1]}\"'."
        )
    return meant[0] if meant else str(batch)


def _as_it_arrives(name: str) -> str:
    try:
        value = json.loads(name)
    except ValueError:
        value = name
    if isinstance(value, float) and not math.isfinite(value):
        value = None
    return json.dumps(value, sort_keys=True)


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case int():
            return json.dumps(value)
        case _:
            return Unspelled.of(value)


def _texts(value: object) -> list[str]:
    match value:
        case None:
            return []
        case list() | tuple():
            return [_text(item) for item in value]
        case _:
            return [_text(value)]


def _version(value: object) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()) or not int(text):
        shown = repr(value) if isinstance(value, str) else json.dumps(value)
        raise ValueError(
            f"{shown} is no version; expected the number that MLflow shows for it, such as 3"
        )
    return str(int(text))


def _version_or_none(value: object) -> str:
    return "" if value is None or not str(value).strip() else _version(value)


def _day(value: object) -> object:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(
            f"{value!r} is no day; expected year, month and day, such as 2026-11-27"
        ) from error


Text = Annotated[str, PlainValidator(_text), WithJsonSchema({"anyOf": _ANYTHING})]
"""A name, a reason, any text."""

OptionalText = Annotated[
    str | None,
    PlainValidator(lambda value: None if value is None else _text(value)),
    WithJsonSchema({"anyOf": _ANYTHING}),
]
"""A name, or none."""

Texts = Annotated[
    Sequence[str], PlainValidator(_texts), WithJsonSchema({"anyOf": [*_ANYTHING[4:], *_ANYTHING]})
]
"""Several texts; one alone needs no brackets, and none is an empty list."""

Version = Annotated[str, PlainValidator(_version), WithJsonSchema({"anyOf": _ANYTHING})]
"""The number of a registered version."""

OptionalVersion = Annotated[
    str, PlainValidator(_version_or_none), WithJsonSchema({"anyOf": _ANYTHING})
]
"""The number of a registered version, or empty."""

Day = Annotated[
    date | None,
    BeforeValidator(_day),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, *_ANYTHING[1:]]}),
]
"""A day, or none."""

Seed = Annotated[int, Field(ge=0, le=_LARGEST_SEED)]
"""What randomness begins with."""

Folds = Annotated[int, Field(ge=2, le=10)]
"""How many parts a cross-validation has."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, 0-1."""

WholeSeconds = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
