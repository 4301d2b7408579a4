"""Sheets of cells are found by their lines, however they were scanned."""

import cv2
import numpy as np
import pytest

from benchmarks.drawn_pages import SCANS, Scan, draw_sheet
from mnist.digits import Outcome, Reason
from mnist.images import Rejection
from mnist.layouts import Layout, cut, doubted
from mnist.layouts.grids import find_grid

GRID = (14, 9)
CELL = (48, 48)


def layout(rows: int, columns: int) -> Layout:
    return Layout.parse(f'{{"grid": [{rows}, {columns}]}}'.encode())


@pytest.mark.parametrize("name", SCANS)
def test_crossings_are_where_they_were_drawn(name, hand) -> None:
    sheet = draw_sheet(hand, GRID, CELL, SCANS[name], seed=3)
    grid = find_grid(sheet.plane, *GRID)
    assert not isinstance(grid, str)
    assert grid.problem == ""
    assert np.abs(grid.points - sheet.corners).max() < 3.5


@pytest.mark.parametrize("name", SCANS)
def test_cells_are_predicted_and_empty_ones_are_empty(name, hand, predict) -> None:
    sheet = draw_sheet(hand, GRID, CELL, SCANS[name], seed=3)
    predictions = predict(cut(sheet.plane, layout(*GRID)))
    pairs = list(zip(predictions, sheet.values, strict=True))
    assert {each.outcome for each in predictions} == {Outcome.SCORED, Outcome.EMPTY}
    assert not [each.place for each, label in pairs if each.value and not label]
    assert len([each.place for each, label in pairs if label and not each.value]) <= 1
    # The network compares with ten templates, and takes one digit for another where ink is lost.
    assert sum(each.value == label for each, label in pairs) >= 0.96 * len(pairs)


def test_light_on_dark_and_a_small_sheet(hand, predict) -> None:
    sheet = draw_sheet(hand, (3, 4), (80, 64), Scan(), seed=5)
    predictions = predict(cut(255 - sheet.plane, layout(3, 4)))
    assert [prediction.value for prediction in predictions] == sheet.values


@pytest.mark.parametrize(
    ("rows", "columns"), [(13, 9), (14, 8), (15, 9), (14, 10), (7, 9), (28, 9), (20, 20)]
)
def test_another_form_is_not_aligned_in_any_place(rows, columns, hand) -> None:
    sheet = draw_sheet(hand, GRID, CELL, SCANS["skewed"], seed=6)
    cuts = cut(sheet.plane, layout(rows, columns))
    assert len(cuts) == rows * columns
    assert {type(each.outcome) for each in cuts} == {Rejection}
    problem = cuts[0].outcome
    assert isinstance(problem, Rejection)
    assert problem.reason is Reason.NOT_ALIGNED
    assert f"{rows} x {columns} cells" in problem.detail
    assert not any(len(each.candidates) for each in cuts)


@pytest.mark.parametrize("kind", ["white", "noise", "digits without lines", "ruled", "tiny"])
def test_a_page_without_the_grid_is_not_aligned(kind, hand) -> None:
    random = np.random.default_rng(7)
    plane = np.full((700, 500), 230, np.uint8)
    if kind == "noise":
        plane = random.integers(0, 255, plane.shape, dtype=np.uint8)
    elif kind == "digits without lines":
        plane = draw_sheet(hand, GRID, CELL, Scan(line=0.0), seed=7).plane
    elif kind == "ruled":
        plane[20::40] = 90
    elif kind == "tiny":
        plane = plane[:20, :20]
    cuts = cut(plane, layout(*GRID))
    assert {type(each.outcome) for each in cuts} == {Rejection}


def test_boxes_lie_around_their_cells(hand) -> None:
    sheet = draw_sheet(hand, (5, 4), (60, 40), Scan(skew=2.0), seed=8)
    cuts = cut(sheet.plane, layout(5, 4))
    for number, each in enumerate(cuts):
        row, column = divmod(number, 4)
        corners = sheet.corners[row : row + 2, column : column + 2].reshape(-1, 2)
        expected = [*corners.min(axis=0), *corners.max(axis=0)]
        assert np.abs(np.array(each.box) - expected).max() <= 4
        for segment in each.segments:
            left, top, right, bottom = segment.box
            assert each.box[0] - 8 <= left < right <= each.box[2] + 8
            assert each.box[1] - 8 <= top < bottom <= each.box[3] + 8


@pytest.mark.parametrize("offset", [-14, 0, 14])
def test_a_digit_that_touches_or_crosses_its_box_is_whole(offset, hand, predict) -> None:
    sheet = draw_sheet(hand, (3, 3), (64, 64), Scan(noise=1), seed=9, empty=1.0)
    ink = cv2.resize(hand.images[8], (56, 56), interpolation=cv2.INTER_CUBIC)
    x, y = sheet.corners[1, 1].round().astype(int) + np.array([4, 4 + offset])
    part = sheet.plane[y : y + 56, x : x + 56]
    np.minimum(part, 255 - ink, out=part)
    predictions = predict(cut(sheet.plane, layout(3, 3)))
    assert [prediction.value for prediction in predictions] == [""] * 4 + ["8"] + [""] * 4


def test_digits_that_touch_over_a_line_stay_in_their_cells(hand) -> None:
    sheet = draw_sheet(hand, (3, 3), (64, 64), Scan(noise=1), seed=9, empty=1.0)
    x, y = sheet.corners[1, 1].round().astype(int)
    for digit, top, size in ((1, 16, 38), (0, 50, 76)):  # the small stroke ends in the large ring
        ink = cv2.resize(hand.images[digit], (size, size))
        part = sheet.plane[y + top : y + top + size, x + 32 - size // 2 : x + 32 + size - size // 2]
        np.minimum(part, 255 - ink, out=part)
    sheet.plane[y + 40 : y + 72, x + 30 : x + 35] = 20
    cuts = cut(sheet.plane, layout(3, 3))
    assert [len(each.candidates) for each in cuts] == [0, 0, 0, 0, 1, 0, 0, 1, 0]


def test_two_digits_in_a_cell_are_for_a_person(hand, predict) -> None:
    sheet = draw_sheet(hand, (3, 3), (64, 64), Scan(noise=1), seed=9, empty=1.0)
    x, y = sheet.corners[1, 1].round().astype(int)
    for left, digit in ((4, 1), (32, 7)):
        ink = cv2.resize(hand.images[digit], (28, 44))
        part = sheet.plane[y + 10 : y + 54, x + left : x + left + 28]
        np.minimum(part, 255 - ink, out=part)
    prediction = predict(cut(sheet.plane, layout(3, 3)))[4]
    assert "several-components" in prediction.warnings
    assert not prediction.accepted


def test_cells_may_hold_values(hand, predict) -> None:
    sheet = draw_sheet(hand, (3, 2), (60, 150), Scan(), seed=10, empty=1.0)
    for row in range(3):
        x, y = sheet.corners[row, 1].round().astype(int)
        for place, digit in enumerate((0, row, 5)):
            ink = cv2.resize(hand.images[digit], (42, 42))
            left = x + 8 + 40 * place
            part = sheet.plane[y + 9 : y + 51, left : left + 42]
            np.minimum(part, 255 - ink, out=part)
    both = Layout.parse(b'{"grid": [3, 2], "digits": 3}')
    values = [prediction.value for prediction in predict(cut(sheet.plane, both))]
    assert values == ["", "005", "", "015", "", "025"]


def test_a_page_that_stands_on_its_head_is_for_a_person(hand, predict) -> None:
    sheet = draw_sheet(hand, GRID, CELL, Scan(), seed=11)
    upright = doubted(predict(cut(sheet.plane, layout(*GRID))))
    assert sum(each.accepted for each in upright) > 0.5 * len(upright)
    turned = cv2.rotate(sheet.plane, cv2.ROTATE_180)
    predictions = predict(cut(turned, layout(*GRID)))
    assert any(each.accepted for each in predictions)
    assert not any(each.accepted for each in doubted(predictions))
