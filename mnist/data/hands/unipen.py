"""UNIPEN train_r01_v07, category 1a: 15,953 isolated digits as strokes of a pen.

A file below `data/1a/CONTRIBUTOR` includes files with strokes (`.INCLUDE x` is `include/x`) and
says which strokes are which digit (`.SEGMENT CHARACTER 3-4 OK "7"`). A keyword begins a line
with a dot. `.PEN_DOWN` or `.PEN_UP` starts a component, with lines `x y`. Components are counted
from 0: every `.PEN_DOWN`, and each `.PEN_UP` that has points, as only some contributors record the
way of the pen through the air. Only `.PEN_DOWN` is ink. y grows upwards.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.errors import InvalidDataset

CATEGORY = "data/1a/"
INCLUDED = "include/"

Stroke = NDArray[np.float32]
"""Points of the pen on paper, shape (k, 2), x to the right and y upwards."""

_KEYWORD = re.compile(r"^\.([A-Z_]+)(.*)\n?", re.MULTILINE)
_SEGMENT = re.compile(r'\s*CHARACTER\s+([0-9:,\-\s]+?)\s+\S+\s+"([0-9])"\s*')
_PIECE = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")
_DEEPEST = 8
"""Includes within includes; more go round in a circle."""


class PenDigit(NamedTuple):
    """One digit as it was written.

    Attributes:
        label: The digit.
        strokes: In order, x and y of the same scale.
        writer: Contributor and writer, such as `apa/7`.
    """

    label: int
    strokes: tuple[Stroke, ...]
    writer: str


class _Component(NamedTuple):
    points: Stroke
    is_ink: bool
    writer: str


@dataclass
class _Recording:
    """What a file of category 1a says, together with all that it includes."""

    components: list[_Component] = field(default_factory=list)
    segments: list[tuple[str, int]] = field(default_factory=list)
    resolutions: dict[str, float] = field(default_factory=dict)
    writer: str = ""

    @property
    def y_scale(self) -> float:
        """Factor by which y gets the scale of x."""
        for unit in ("INCH", "MM"):
            x, y = (self.resolutions.get(f"{axis}_POINTS_PER_{unit}", 0.0) for axis in "XY")
            if x > 0 and y > 0:
                return x / y
        return 1.0


def parse_unipen(texts: Mapping[str, str]) -> tuple[list[PenDigit], set[str]]:
    """Parse every digit of category 1a.

    Args:
        texts: Path such as `data/1a/aga/0.dat` or `include/aga/data/x.dat` -> content.

    Returns:
        The digits by path and order in the file; the paths that were used.

    Raises:
        InvalidDataset: If an included file is missing, or a line is none of the format.
    """
    digits: list[PenDigit] = []
    used: set[str] = set()
    for path in sorted(path for path in texts if path.startswith(CATEGORY)):
        recording = _Recording()
        _parse_file(path, texts, recording, used, depth=0)
        contributor = path.removeprefix(CATEGORY).split("/")[0]
        digits += (
            _digit(strokes, label, recording, contributor, path)
            for strokes, label in recording.segments
        )
    return digits, used


def _parse_file(
    path: str, texts: Mapping[str, str], recording: _Recording, used: set[str], depth: int
) -> None:
    if path not in texts or depth > _DEEPEST:
        why = "includes itself" if path in texts else "is included but is not there"
        raise InvalidDataset(
            f"UNIPEN: {path} {why}. Fetch the distribution again, with its folder include."
        )
    used.add(path)
    for keyword, argument, body in _blocks(texts[path]):
        if keyword == "INCLUDE":
            _parse_file(INCLUDED + argument.strip(), texts, recording, used, depth + 1)
        elif keyword in {"PEN_DOWN", "PEN_UP"}:
            points = _points(body, path)
            if keyword == "PEN_DOWN" or len(points):
                recording.components.append(
                    _Component(points, keyword == "PEN_DOWN", recording.writer)
                )
        elif keyword == "SEGMENT" and (match := _SEGMENT.fullmatch(argument)):
            recording.segments.append((match[1], int(match[2])))
        elif keyword == "WRITER_ID":
            recording.writer = argument.strip()
        elif keyword.startswith(("X_POINTS_PER_", "Y_POINTS_PER_")) and argument.strip():
            recording.resolutions[keyword] = float(argument.split()[0])


def _blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each keyword, the rest of its line, and the lines up to the next keyword."""
    starts = list(_KEYWORD.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        yield start[1], start[2], text[start.end() : end]


def _points(body: str, path: str) -> Stroke:
    try:
        return np.array(body.split(), np.float32).reshape(-1, 2)
    except ValueError as error:
        raise InvalidDataset(
            f"UNIPEN: {path} has a stroke that is not pairs of numbers ({body.strip()[:40]!r}). "
            "Fetch the distribution again."
        ) from error


def _digit(
    strokes: str, label: int, recording: _Recording, contributor: str, path: str
) -> PenDigit:
    parts: list[Stroke] = []
    writer = recording.writer
    for piece in "".join(strokes.split()).split(","):
        match = _PIECE.fullmatch(piece)
        last = int(match[3] or match[1]) if match else -1
        if match is None or not int(match[1]) <= last < len(recording.components):
            raise InvalidDataset(
                f"UNIPEN: {path} says that the strokes {strokes} are a digit; there are "
                f"{len(recording.components)} of them. Fetch the distribution again."
            )
        first = int(match[1])
        writer = recording.components[first].writer or writer
        for number in range(first, last + 1):
            component = recording.components[number]
            start = int(match[2] or 0) if number == first else 0
            end = int(match[4]) + 1 if number == last and match[4] else None
            points = component.points[start:end]
            if component.is_ink and len(points):
                parts.append(points * np.array((1, recording.y_scale), np.float32))
    return PenDigit(label, tuple(parts), f"{contributor}/{writer}")
