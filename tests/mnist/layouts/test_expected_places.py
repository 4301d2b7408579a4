"""Where the places of a layout would lie on a page that it does not fit."""

import numpy as np
import pytest

from mnist.digits import Reason
from mnist.images import Rejection
from mnist.layouts import Layout, cut, expected_boxes
from tests.sheets import CELL, MARGIN, layout, sheet, strip

CELLS = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 0, 1, 2]]


def parsed(**says):
    return Layout.parse(layout(**says))


def test_cells_lie_along_the_likeliest_lines():
    boxes = expected_boxes(sheet(CELLS), parsed(grid=[3, 4]))
    assert len(boxes) == 12
    assert boxes[5] == pytest.approx(
        (MARGIN + CELL, MARGIN + CELL, MARGIN + 2 * CELL, MARGIN + 2 * CELL), abs=3
    )


def test_a_grid_that_is_another_one_is_drawn_and_told_how_far_it_is_off():
    page, asked = sheet(CELLS), parsed(grid=[5, 9])
    (place, *_) = cut(page, asked)
    assert isinstance(place.outcome, Rejection)
    assert place.outcome.reason is Reason.NOT_ALIGNED
    assert any(character.isdigit() for character in place.outcome.detail)
    boxes = expected_boxes(page, asked)
    assert len(boxes) == 45
    height, width = page.shape
    for left, top, right, bottom in boxes:
        assert 0 <= left <= right <= width
        assert 0 <= top <= bottom <= height


def test_fields_lie_where_the_form_has_them():
    page = np.full((100, 200), 255, np.uint8)
    fields = {"a": {"box": [0.1, 0.2, 0.5, 0.4]}, "b": {"box": [0.5, 0.5, 1, 1]}}
    boxes = expected_boxes(page, parsed(fields=fields, template="form.png"))
    assert boxes == [(20, 20, 100, 40), (100, 50, 200, 100)]


@pytest.mark.parametrize("says", [{"grid": [150, 60]}, {"digits": 4}])
def test_what_has_no_room_or_is_the_page_is_not_drawn(says):
    assert expected_boxes(strip("12"), parsed(**says)) == []
