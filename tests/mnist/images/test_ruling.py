"""Printed lines are taken away; straight strokes stay."""

import cv2
import numpy as np
import pytest

from mnist.images.ruling import without_ruling
from tests.pictures import seven


def _ink(height: int = 200, width: int = 160) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


@pytest.mark.parametrize("width", [4, 7])
def test_a_stem_that_crosses_the_picture_stays(width: int) -> None:
    """A tightly cropped 1 with an upstroke, and one with a foot: all of one pen."""
    upstroke, foot = _ink(), _ink()
    for picture in (upstroke, foot):
        cv2.line(picture, (90, 0), (84, 199), 1, width)
    cv2.line(upstroke, (90, 0), (40, 60), 1, width)
    cv2.line(foot, (50, 196), (130, 196), 1, width)
    for picture in (upstroke, foot, upstroke.T.copy(), foot.T.copy()):
        np.testing.assert_array_equal(without_ruling(picture), picture)


def test_dust_beside_a_stem_does_not_make_it_a_line() -> None:
    picture = _ink()
    cv2.line(picture, (80, 0), (80, 199), 1, 6)
    picture[30:32, 20:22] = picture[150:153, 120:122] = 1
    np.testing.assert_array_equal(without_ruling(picture), picture)


def test_one_printed_line_from_edge_to_edge_goes() -> None:
    writing = (seven(200, 240) < 128).astype(np.uint8)
    lined = writing.copy()
    lined[:, 20:23] = 1
    np.testing.assert_array_equal(without_ruling(lined), writing)


def test_lines_in_rows_go_even_if_the_pen_is_as_thin() -> None:
    writing = (cv2.resize(seven(800, 960), (240, 200)) < 250).astype(np.uint8)
    writing = cv2.erode(writing, np.ones((9, 9), np.uint8))
    lined = writing.copy()
    lined[12::45] = lined[13::45] = lined[14::45] = 1
    left = without_ruling(lined)
    assert left[12::45].sum() <= writing[12::45].sum() + 24
    assert (left & writing).sum() > 0.9 * writing.sum()


def test_small_pictures_are_not_searched() -> None:
    picture = np.ones((40, 40), np.uint8)
    np.testing.assert_array_equal(without_ruling(picture), picture)
