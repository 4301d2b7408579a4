"""What `_LAYOUT.json` says: where the places of a picture are, and what may be written in them."""

import hashlib
import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    field_validator,
    model_validator,
)

from mnist.errors import InvalidLayout
from mnist.layouts.checks import Check, IsSum

MOST_BYTES = 1_000_000
MOST_LINES = 200
MOST_CELLS = 10_000
MOST_FIELDS = 500
MOST_DIGITS = 40

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FILE = re.compile(r"[A-Za-z0-9_. -]{1,200}")
_DOCUMENT = "docs/layouts.md lists what a layout may say"


def _countable_digits(digits: object) -> object:
    # A bool is an int to Python, and no number of digits.
    if digits != "auto" and (type(digits) is not int or not 1 <= digits <= MOST_DIGITS):
        raise ValueError(f"expected 1 to {MOST_DIGITS} digits, or auto")
    return digits


Digits = Annotated[Literal["auto"] | int, BeforeValidator(_countable_digits)]
"""How many digits a value has; `auto` where it is not known."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PlaceContent(_Part):
    """What may be written in one place.

    Attributes:
        digits: How many, or `auto` where it is not known.
        check: What the value has to satisfy.
        symbols: Which signs may stand between digits: any of `.`, `,`, `-` and blank.
    """

    digits: Digits = "auto"
    check: Check | None = None
    symbols: str = ""

    @field_validator("symbols")
    @classmethod
    def _known_symbols(cls, symbols: str) -> str:
        if set(symbols) - set(".,- ") or len(set(symbols)) < len(symbols):
            raise ValueError("expected any of . , - and blank, each once")
        return symbols

    @property
    def count(self) -> int | None:
        """How many digits, or None where it is not known."""
        return self.digits if isinstance(self.digits, int) else None


class FormField(PlaceContent):
    """A named rectangle of a page.

    Attributes:
        box: Left, top, right and bottom as fractions of the page's width and height, 0-1.
    """

    box: tuple[float, float, float, float]

    @field_validator("box")
    @classmethod
    def _on_the_page(
        cls, box: tuple[float, float, float, float]
    ) -> tuple[float, float, float, float]:
        left, top, right, bottom = box
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ValueError("expected left < right and top < bottom, as fractions from 0 to 1")
        return box


class Layout(_Part):
    """How a picture is cut into places: a grid, named fields, or the picture as one value.

    Attributes:
        grid: Rows and columns of a sheet of equal cells.
        fields: Name -> rectangle.
        template: Name of a picture of the empty form, beside the layout.
        digits: How many digits are in the picture, or in each cell (there 1 if it is not said).
        check: As in `PlaceContent`, for the picture or each cell.
        symbols: As in `PlaceContent`, for the picture or each cell.
    """

    grid: tuple[int, int] | None = None
    fields: dict[str, FormField] | None = None
    template: str | None = None
    digits: Digits | None = None
    check: Check | None = None
    symbols: str = ""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a layout file.

        Raises:
            InvalidLayout: With one sentence about the first thing that is wrong with it.
        """
        if len(content) > MOST_BYTES:
            raise InvalidLayout(
                f"The layout has {len(content):,} bytes; at most {MOST_BYTES:,} are read."
            )
        try:
            text = content.decode("utf-8-sig")
            json.loads(text, object_pairs_hook=_without_repetition)
            return cls.model_validate_json(text)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise InvalidLayout(f"The layout is no JSON in UTF-8: {error}; {_DOCUMENT}.") from error
        except ValidationError as error:
            raise InvalidLayout(_sentence(error)) from error

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        kinds = [self.grid is not None, self.fields is not None]
        if sum(kinds) > 1 or not (any(kinds) or self.digits is not None):
            raise ValueError("expected one of grid, fields and digits")
        if self.fields is not None and (
            self.digits is not None or self.check is not None or self.symbols
        ):
            raise ValueError("expected digits, check and symbols inside each field")
        if self.template is not None and self.fields is None:
            raise ValueError("expected a template only beside fields")
        self._require_other_fields_in_sums()
        self.content_of("")  # its values are checked as those of a place
        return self

    def _require_other_fields_in_sums(self) -> None:
        if _terms(self.check):
            raise ValueError("expected a sum only in a field, of other fields")
        fields = self.fields or {}
        for name, content in fields.items():
            others = fields.keys() - {name}
            if unfit := next((term for term in _terms(content.check) if term not in others), None):
                raise ValueError(f"expected the sum {name} of other fields, not of {unfit[:80]!r}")

    @field_validator("grid")
    @classmethod
    def _countable(cls, grid: tuple[int, int] | None) -> tuple[int, int] | None:
        if grid is not None and (
            not all(1 <= lines <= MOST_LINES for lines in grid) or grid[0] * grid[1] > MOST_CELLS
        ):
            raise ValueError(
                f"expected 1 to {MOST_LINES} rows and columns, at most {MOST_CELLS:,} cells"
            )
        return grid

    @field_validator("fields")
    @classmethod
    def _named(cls, fields: dict[str, FormField] | None) -> dict[str, FormField] | None:
        if fields is not None:
            if not 1 <= len(fields) <= MOST_FIELDS:
                raise ValueError(f"expected 1 to {MOST_FIELDS} fields")
            if unfit := next((name for name in fields if not _NAME.fullmatch(name)), None):
                raise ValueError(
                    f"the name {unfit[:80]!r} is not made of 1 to 64 letters, digits, - and _"
                )
        return fields

    @field_validator("template")
    @classmethod
    def _beside(cls, template: str | None) -> str | None:
        if template is not None and (not _FILE.fullmatch(template) or template.startswith(".")):
            raise ValueError("expected the plain name of a file beside the layout")
        return template

    @property
    def digest(self) -> str:
        """SHA-256 of what the layout says, however it was written, as 64 hexadecimal digits."""
        # The order of fields is the order of the rows, so keys are not sorted there.
        content = self.model_dump(mode="json", exclude_defaults=True)
        canonical = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def places(self) -> list[str]:
        """Name every place, in reading order: of a grid row by row, of a picture itself ''."""
        if self.fields is not None:
            return list(self.fields)
        if self.grid is None:
            return [""]
        rows, columns = self.grid
        wide, narrow = (max(2, len(str(lines))) for lines in self.grid)
        return [
            f"r{row:0{wide}}c{column:0{narrow}}"
            for row in range(1, rows + 1)
            for column in range(1, columns + 1)
        ]

    def content_of(self, place: str) -> PlaceContent:
        """Say what may be written in a place."""
        if self.fields is not None:
            return self.fields[place] if place else PlaceContent()
        digits = self.digits
        if digits is None:
            digits = "auto" if self.grid is None else 1
        return PlaceContent(digits=digits, check=self.check, symbols=self.symbols)


def _terms(check: Check | None) -> tuple[str, ...]:
    return check.sum if isinstance(check, IsSum) else ()


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        repeated = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise InvalidLayout(f"The layout says {repeated[:80]!r} twice; expected each name once.")
    return names


_OTHER_KIND = {"literal_error", "extra_forbidden", "missing", "model_type"}
"""What pydantic says of the kinds of a check that were not meant."""


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    problem = min(problems, key=lambda problem: problem["type"] in _OTHER_KIND)
    steps = [str(step) for step in problem["loc"] if str(step).isidentifier()]
    where = ".".join(step for step in steps if not step[0].isupper()) or "the whole"
    value = json.dumps(problem["input"], default=str)
    shown = value if len(value) <= 120 else f"{value[:120]}…"
    message = problem["msg"].removeprefix("Value error, ")
    return f"The layout is invalid at {where}: {message}; got {shown}; {_DOCUMENT}."
