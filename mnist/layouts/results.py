"""What is cut from a page, and what is predicted for it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.digits import Images, ImageWarning, Outcome
from mnist.images.results import Plane, Rejection
from mnist.layouts.checks import CheckResult
from mnist.layouts.layout import PlaceContent

PageBox = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the upright page; right and bottom lie outside."""


class Segment(NamedTuple):
    """One way to cut one digit out of a place; a path of segments is one way to read it.

    Attributes:
        start: Where it begins: a number of a boundary, from 0.
        end: The boundary where it ends, and where the next segment begins.
        box: Of its ink, on the page.
        shape: What its shape says of whether it is one digit (`lattice.SHAPE_FEATURES`).
    """

    start: int
    end: int
    box: PageBox
    shape: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """What was cut out for one place.

    Attributes:
        place: Its name in the layout.
        box: Where it is on the upright page.
        content: What the layout says may be written there.
        outcome: `Outcome.EMPTY`, why nothing can be predicted, or None while there is something.
        candidates: One image for each segment, shape (k, 28, 28), uint8.
        segments: The segments, in the order of the candidates.
        last: The last boundary; a value is a path of segments from boundary 0 to this one.
        symbols: Signs that the layout allows: the boundary in front of each, and the sign.
        blanks: Boundaries behind a gap as wide as a blank, where the layout allows blanks.
        blots: Pieces that may be no digit: the boundary in front of each, and their features.
        warnings: What is odd about the place.
        line: The whole line, as the line network wants it; None where there is one digit.
    """

    place: str
    box: PageBox
    content: PlaceContent
    outcome: Outcome | Rejection | None
    candidates: Images
    segments: tuple[Segment, ...] = ()
    last: int = 0
    symbols: tuple[tuple[int, str], ...] = ()
    blanks: frozenset[int] = frozenset()
    blots: tuple[tuple[int, tuple[float, ...]], ...] = ()
    warnings: tuple[ImageWarning, ...] = ()
    line: Plane | None = None


def without_digits(
    place: str,
    box: PageBox,
    content: PlaceContent,
    outcome: Outcome | Rejection,
    warnings: tuple[ImageWarning, ...] = (),
) -> Cut:
    """Make the cut of a place in which there is nothing to predict."""
    none: NDArray[np.uint8] = np.empty((0, 28, 28), np.uint8)
    return Cut(place, box, content, outcome, none, warnings=warnings)


class Mark(NamedTuple):
    """One digit in a place.

    Attributes:
        digit: Most probable digit, 0-9.
        probabilities: Of the digits 0 to 9, summing to 1.
        box: Of its ink, on the page.
    """

    digit: int
    probabilities: tuple[float, ...]
    box: PageBox


@dataclass(frozen=True, slots=True)
class PlacePrediction:
    """What is predicted for one place.

    Attributes:
        place: Its name in the layout.
        box: Where it is on the upright page.
        outcome: `Outcome.SCORED`, `Outcome.EMPTY`, or why nothing could be predicted.
        value: As text, with leading zeros; empty if nothing was predicted.
        value_confidence: Probability that the whole value is right, 0-1; no product of the
            probabilities of its digits.
        check: What the layout's check says of the value.
        marks: Its digits, in reading order.
        warnings: What is odd about it.
        proposal: After a failed check the likeliest value that passes, for a person to look at;
            None if there is none.
        accepted: Whether no person needs to look at it.
        contradicted: Whether a sum on the same page says that it may be wrong.
        last: The last value of the same place, if the check asked for it and there is one.
    """

    place: str
    box: PageBox
    outcome: Outcome | Rejection
    value: str = ""
    value_confidence: float = 0.0
    check: CheckResult = CheckResult.NONE
    marks: tuple[Mark, ...] = ()
    warnings: tuple[ImageWarning, ...] = ()
    proposal: str | None = None
    accepted: bool = False
    contradicted: bool = False
    last: str | None = None

    @property
    def digits(self) -> tuple[int, ...]:
        """The digits of the value, in reading order."""
        return tuple(mark.digit for mark in self.marks)
