"""When a person has to look, and when not."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Reason
from mnist.images import Decoded, decode

Picture = NDArray[np.uint8]
Point = tuple[int, int]


def _warnings(plane: NDArray[np.generic]) -> tuple[ImageWarning, ...]:
    content = cv2.imencode(".png", np.clip(plane, 0, 255).astype(np.uint8))[1].tobytes()
    result = decode(content)
    assert isinstance(result, Decoded), result
    return result.warnings


def _said(plane: NDArray[np.generic]) -> set[str]:
    """What an image is rejected for, or its warnings."""
    content = cv2.imencode(".png", np.clip(plane, 0, 255).astype(np.uint8))[1].tobytes()
    result = decode(content)
    return set(result.warnings) if isinstance(result, Decoded) else {result.reason}


def _paper(height: int = 200, width: int = 320) -> Picture:
    return np.full((height, width), 240, np.uint8)


def _stroke(paper: Picture, *points: Point, grey: int = 30, pen: int = 9) -> Picture:
    for one, other in pairwise(points):
        cv2.line(paper, one, other, grey, pen, cv2.LINE_AA)
    return paper


def _three(paper: Picture, left: int, grey: int = 30) -> Picture:
    at = [(left, 45), (left + 60, 45), (left + 25, 90), (left + 60, 130), (left, 155)]
    return _stroke(paper, *at, grey=grey)


def _zero(paper: Picture, left: int, top: int = 40, grey: int = 30) -> Picture:
    cv2.ellipse(paper, (left + 35, top + 60), (32, 58), 0, 0, 360, grey, 9, cv2.LINE_AA)
    return paper


DOUBTED, REJECTED = ImageWarning.SEVERAL_COMPONENTS, Reason.SEVERAL_DIGITS


@pytest.mark.parametrize(("grey", "said"), [(30, REJECTED), (110, DOUBTED), (150, DOUBTED)])
def test_a_fainter_neighbour_is_a_rival(grey: int, said: str) -> None:
    assert said in _said(_zero(_three(_paper(), 60), 170, grey=grey))


@pytest.mark.parametrize(("shown", "said"), [(30, REJECTED), (45, REJECTED), (60, DOUBTED)])
def test_a_neighbour_that_the_frame_cuts_is_a_rival(shown: int, said: str) -> None:
    assert said in _said(_zero(_three(_paper(), 60), 170)[:, : 170 + shown])


def test_neighbours_whose_boxes_overlap_are_two() -> None:
    paper = _stroke(_paper(), (60, 40), (120, 40), (70, 160))
    paper = _stroke(paper, (150, 40), (100, 160))
    assert ImageWarning.SEVERAL_COMPONENTS in _warnings(paper)


def test_a_rim_of_a_neighbour_and_a_line_along_the_frame_are_no_rivals() -> None:
    rim = _paper()
    rim[40:160, :6] = 30
    line = _paper()
    line[:, 312:316] = 90
    for paper in (rim, line):
        assert _warnings(_three(paper, 120)) == ()


@pytest.mark.parametrize("way", ["printed boxes", "cards on a desk"])
def test_two_equal_panels_are_both_remembered(way: str) -> None:
    panels = []
    for draw in (_zero, _three):
        panel = draw(_paper(200, 160), 45)
        if way == "printed boxes":
            cv2.rectangle(panel, (10, 10), (149, 189), 50, 3)
        else:
            panel = np.pad(panel[20:180, 20:140], 20, constant_values=90)
        panels.append(panel)
    assert ImageWarning.SEVERAL_COMPONENTS in _warnings(np.hstack(panels))
    assert _warnings(panels[0]) == ()


@pytest.mark.parametrize("turns", range(4))
def test_a_digit_that_just_reaches_the_frame_is_whole(turns: int) -> None:
    """Cropped to its ink on one side only."""
    for draw in (_zero, _three):
        paper = draw(_paper(), 120)
        ink = np.flatnonzero((paper < 128).any(axis=1))
        cropped = paper[ink[0] :]
        assert ImageWarning.CUT_OFF not in _warnings(np.rot90(cropped, turns))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("lost", [0.25, 0.4, 0.5])
def test_a_digit_cut_through_its_strokes_is_cut_off(turns: int, lost: float) -> None:
    for draw in (_zero, _three):
        paper = draw(_paper(), 120)
        ink = np.flatnonzero((paper < 128).any(axis=0))
        cropped = paper[:, ink[0] + round(lost * ink.size) :]
        assert ImageWarning.CUT_OFF in _warnings(np.rot90(cropped, turns))


@pytest.mark.parametrize("grey", [185, 200])
def test_a_part_in_faint_ink_is_doubtful(grey: int) -> None:
    """The lower half of a 3, or the right half of a 0, is nearly gone."""
    three = _three(_paper(), 120)
    three[95:] = np.maximum(three[95:], grey)
    zero = _zero(_paper(), 120)
    zero[:, 160:] = np.maximum(zero[:, 160:], grey)
    for paper in (three, zero):
        assert ImageWarning.FAINT_INK in _warnings(paper)


def test_an_open_four_in_two_strokes_is_read_whole() -> None:
    """Its left stroke ends above the foot of the stem, unlike a digit beside another."""
    paper = _stroke(_paper(), (110, 40), (100, 120), (150, 120))
    paper = _stroke(paper, (172, 55), (168, 165))
    content = cv2.imencode(".png", paper)[1].tobytes()
    result = decode(content)
    assert isinstance(result, Decoded)
    assert result.pixels[:, :12].max() > 200
