"""Pages are laid over the empty form, or not predicted at all."""

import cv2
import numpy as np
import pytest

from mnist.digits import Reason
from mnist.errors import InvalidLayout
from mnist.images import Rejection
from mnist.layouts import Layout, cut
from tests.mnist.layouts.test_values import strip

LAYOUT = Layout.parse(
    b'{"fields": {"number": {"box": [0.25, 0.2, 0.8, 0.32], "digits": 4},'
    b' "amount": {"box": [0.25, 0.4, 0.8, 0.52], "digits": "auto"}}, "template": "form.png"}'
)


@pytest.fixture
def form() -> np.ndarray:
    """An empty form: letters, lines under its fields, a logo."""
    plane = np.full((1000, 700), 240, np.uint8)
    face = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(plane, "Claim for travel costs", (60, 90), face, 1.2, 30, 2)
    for y, text in ((270, "Number"), (470, "Amount"), (700, "Date and signature")):
        cv2.putText(plane, text, (30, y), face, 0.8, 40, 2)
        cv2.line(plane, (175, y + 45), (560, y + 45), 90, 2)
    cv2.circle(plane, (600, 120), 50, 60, 3)
    cv2.putText(plane, "Office 7, 4th floor; send by post.", (60, 900), face, 0.9, 50, 2)
    return plane


@pytest.fixture
def page(form, hand) -> np.ndarray:
    filled = form.copy()
    for top, text in ((200, "0427"), (400, "865")):
        written = strip(hand, text, paper=240)
        part = filled[top + 6 : top + 6 + written.shape[0], 190 : 190 + written.shape[1]]
        np.minimum(part, written, out=part)
    return filled


def turned(page: np.ndarray, degrees: float, scale: float = 1.0) -> np.ndarray:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.9 * scale)
    return cv2.warpAffine(page, matrix, (width, height), borderValue=240)


@pytest.mark.parametrize("degrees", [0, 3, -4, 180])
def test_a_page_is_turned_as_its_template_lies(degrees, form, page, predict) -> None:
    predictions = predict(cut(turned(page, degrees), LAYOUT, form))
    assert [each.value for each in predictions] == ["0427", "865"]


def test_boxes_lie_on_the_page_as_it_came(form, page) -> None:
    number, _ = cut(turned(page, 180), LAYOUT, form)
    left, top, right, bottom = number.box  # what was in the upper half is in the lower one
    assert top > 600
    assert 0 <= left < right <= 700
    assert bottom <= 1000
    assert all(segment.box[1] > 600 for segment in number.segments)


@pytest.mark.parametrize("kind", ["white", "another form"])
def test_another_form_is_not_aligned(kind, form) -> None:
    page = np.full((1000, 700), 240, np.uint8)
    if kind == "another form":
        for row in range(9):
            text = f"{row} Order of goods {row * 37}"
            cv2.putText(page, text, (50, 100 * row + 60), cv2.FONT_HERSHEY_PLAIN, 2, 30, 2)
    for each in cut(page, LAYOUT, form):
        assert isinstance(each.outcome, Rejection)
        assert each.outcome.reason is Reason.NOT_ALIGNED
        assert not len(each.candidates)


def test_a_field_over_the_edge_of_the_page_is_not_read_in_part(form, page, predict) -> None:
    whole, *_ = predict(cut(page, LAYOUT, form))
    assert whole.value == "0427"
    for place in cut(page[:, :520], LAYOUT, form):
        assert isinstance(place.outcome, Rejection)
        assert place.outcome.reason is Reason.NOT_ALIGNED
        assert "of the field lies over the edge of the page" in place.outcome.detail
        assert not len(place.candidates)


def test_the_template_has_to_be_there(page) -> None:
    with pytest.raises(InvalidLayout, match=r"form\.png"):
        cut(page, LAYOUT)
