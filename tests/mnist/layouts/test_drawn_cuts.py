"""A value is cut where a person says."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mnist.layouts import Layout, cut
from mnist.layouts.drawn_cuts import can_be_cut, digits_between
from tests.sheets import layout, sheet, strip

GAP = 36
"""Columns from one digit of a drawn strip to the next; the first one begins at column 20."""


def cut_of(picture, **says):
    (made,) = cut(picture, Layout.parse(layout(**(says or {"digits": "auto"}))))
    return made


def between(picture, *columns):
    return digits_between(picture, cut_of(picture), columns)


def test_each_digit_between_two_cuts_is_one():
    picture = strip("0148")
    digits = between(picture, 52, 88, 124)
    assert len(digits) == 4
    for number, digit in enumerate(digits):
        left, top, right, bottom = digit.box
        assert 20 + number * GAP - 2 <= left < right <= 20 + number * GAP + 30
        assert 18 <= top < bottom <= 50
        assert digit.image.any()


def test_fewer_cuts_join_digits_and_more_cuts_part_them():
    picture = strip("0148")
    joined, *rest = between(picture, 88, 124)
    assert joined.box[2] - joined.box[0] > GAP
    assert len(rest) == 2
    assert len(between(picture, 34, 52, 88, 124)) == 5
    assert len(between(picture)) == 1


def test_a_cut_that_a_stroke_reaches_over_a_little_leaves_it_whole():
    picture = strip("88")
    plain = between(picture, 52)
    over = between(picture, plain[0].box[2] - 2)
    assert [digit.box for digit in over] == [digit.box for digit in plain]
    np.testing.assert_array_equal(over[1].image, plain[1].image)


def test_digits_that_touch_are_parted_at_the_cut():
    picture = strip("88", gap=0)
    cv2.line(picture, (40, 34), (56, 34), 0, 3)
    left, right = between(picture, 48)
    assert left.box[2] == pytest.approx(48, abs=2)
    assert right.box[0] == pytest.approx(48, abs=2)


def test_specks_between_cuts_are_no_digits():
    picture = strip("88", gap=30)
    cv2.circle(picture, (62, 46), 2, 0, -1)
    assert len(between(picture, 55, 70)) == 2


@pytest.mark.parametrize("says", [{"digits": 1}, {"grid": [1, 2]}])
def test_one_digit_has_no_cuts(says):
    picture = strip("7") if "digits" in says else sheet([[1, 2]])
    made = cut(picture, Layout.parse(layout(**says)))[0]
    assert not can_be_cut(made)
    assert digits_between(picture, made, (30,)) == []


def test_an_empty_place_has_none():
    blank = np.full((60, 200), 255, np.uint8)
    assert not can_be_cut(cut_of(blank, digits=4))
    assert digits_between(blank, cut_of(blank, digits=4), (50,)) == []


def test_a_page_that_lies_upside_down_or_on_its_side_is_not_cut_by_columns():
    picture = strip("0148")
    upright = cut_of(picture)
    height, width = picture.shape
    turned = {
        "upside down": lambda box: (
            width - box[2],
            height - box[3],
            width - box[0],
            height - box[1],
        ),
        "on its side": lambda b: (b[1], b[0], b[3], b[2]),
    }
    assert can_be_cut(upright)
    for name, turn in turned.items():
        segments = tuple(s._replace(box=turn(s.box)) for s in upright.segments)
        assert not can_be_cut(replace(upright, segments=segments)), name
