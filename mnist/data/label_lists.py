"""Lists of labels, as people save them: by Excel, Numbers or a script, on any computer."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from itertools import dropwhile
from typing import NamedTuple

from mnist.errors import InvalidDataset

_SEPARATORS = ",;\t"
_NEEDED = ("file", "label")
_DIGIT = re.compile(r"([0-9])([.,]0*)?")


class Line(NamedTuple):
    """One line of a list.

    Attributes:
        number: Counted from 1, the names of the columns included.
        file: As written there.
        label: The digit.
        kind: What kind of image it is; empty if the list does not say.
    """

    number: int
    file: str
    label: int
    kind: str


class RawLine(NamedTuple):
    """One line of a list before its label is looked at; cells that it has not are empty.

    Attributes:
        number: Counted from 1, the names of the columns included.
        file: As written there.
        label: As written there.
        kind: What kind of image it is.
        writer: Who wrote the digit.
        use: What the image is for.
    """

    number: int
    file: str
    label: str
    kind: str
    writer: str
    use: str


def parse_list(content: bytes, place: str) -> list[Line]:
    """Read a list whose labels are all digits.

    Raises:
        InvalidDataset: As `read_lines`, and if a label is no digit, naming `place` and line.
    """
    lines = []
    for line in read_lines(content, place):
        digit = digit_of(line.label)
        if digit is None:
            raise InvalidDataset(
                f"{place}, line {line.number} has the label {line.label!r}; expected a digit, "
                "0 to 9."
            )
        lines.append(Line(line.number, line.file, digit, line.kind))
    return lines


def digit_of(label: str) -> int | None:
    """Take a cell for a digit, also one written as `7.0` or `7,0`; None if it is none."""
    match = _DIGIT.fullmatch(label)
    return int(match[1]) if match else None


def read_lines(content: bytes, place: str) -> Iterator[RawLine]:
    """Yield the lines of a list with columns `file`, `label` and maybe `kind`, `writer`, `use`.

    Names of columns may be written large, cells may have blanks around them, and further columns
    and empty lines are passed over. Separators are commas, semicolons or tabs; the encoding is
    UTF-8, UTF-16 or CP1252.

    Raises:
        InvalidDataset: If a column is missing or it is no list, naming `place`.
    """
    text = _decode(content).removeprefix("\ufeff")
    lines = [*dropwhile(lambda line: not line.strip(), text.splitlines())]
    start = len(text.splitlines()) - len(lines)
    if lines and lines[0].lower().startswith("sep="):  # Excel's own way to name the separator
        lines, start = lines[1:], start + 1
    header = lines[0] if lines else ""
    separator = max(_SEPARATORS, key=header.count)
    try:
        reader = csv.reader(lines, delimiter=separator, strict=True)
        rows = ((reader.line_num + start, [cell.strip() for cell in cells]) for cells in reader)
        names = [name.lower() for name in next(rows, (0, []))[1]]
        missing = [name for name in _NEEDED if name not in names]
        if missing:
            raise InvalidDataset(
                f"{place} has no column {' and no column '.join(missing)}; it has "
                f"{', '.join(filter(None, names))[:200] or 'none'}."
            )
        yield from _lines(rows, names)
    except csv.Error as error:
        raise InvalidDataset(f"{place} cannot be read as a list: {error}.") from error


def _lines(rows: Iterable[tuple[int, list[str]]], names: list[str]) -> Iterator[RawLine]:
    for number, cells in rows:
        if any(cells):
            row = dict(zip(names, cells, strict=False))
            yield RawLine(number, *(row.get(name, "") for name in RawLine._fields[1:]))


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if content.startswith(b"\0"):
        return content.decode("utf-16-be", "replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
