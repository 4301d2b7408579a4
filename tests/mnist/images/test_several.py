"""Without a layout, several digits are never one digit; one digit is never several."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mnist.digits import Reason
from mnist.images import Decoded, Rejection, decode
from tests.factories import digit_images
from tests.pictures import seven


def strip(digits: list[int], gap: int, *, scale: int = 4) -> NDArray[np.uint8]:
    """Write digits in a row, dark on white.

    Args:
        digits: Which.
        gap: Empty pixels between them; below 0 they touch.
        scale: Of MNIST's size.
    """
    drawn = [
        image[:, np.flatnonzero(image.max(0) > 64)] for image in digit_images(np.array(digits))
    ]
    canvas = np.zeros((48, 30 + sum(d.shape[1] + max(gap, 0) for d in drawn)), np.uint8)
    left = 12
    for number, picture in enumerate(drawn):
        place = canvas[10 + number % 2 :, left:][:28, : picture.shape[1]]
        place[:] = np.maximum(place, picture)
        left += picture.shape[1] + gap
    canvas = canvas[:, : left + 12 - gap]
    return 255 - cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def result(plane: NDArray[np.uint8]) -> Decoded | Rejection:
    return decode(cv2.imencode(".png", plane)[1].tobytes())


@pytest.mark.parametrize("count", range(2, 9))
@pytest.mark.parametrize("gap", [8, 2])
@pytest.mark.parametrize("polarity", ["dark on white", "light on black"])
def test_digits_in_a_row_are_counted(count: int, gap: int, polarity: str) -> None:
    plane = strip([2, 3, 4, 5, 6, 7, 8, 9][:count], gap)
    rejected = result(plane if polarity == "dark on white" else 255 - plane)
    assert isinstance(rejected, Rejection)
    assert rejected.reason is Reason.SEVERAL_DIGITS
    assert rejected.detail == (
        f"The ink is {count} pieces side by side, about {count} digits; "
        "cut the picture into one image for each digit, or say by a _LAYOUT.json how."
    )


@pytest.mark.parametrize("count", [4, 6, 8])
def test_digits_that_touch_are_one_piece_too_wide_for_one_digit(count: int) -> None:
    rejected = result(strip([3, 2, 8, 5, 6, 9, 3, 2][:count], -2))
    assert isinstance(rejected, Rejection)
    assert rejected.reason is Reason.SEVERAL_DIGITS
    assert "one wide piece" in rejected.detail


def broken_five() -> NDArray[np.uint8]:
    plane = np.full((200, 200), 255, np.uint8)
    cv2.ellipse(plane, (95, 130), (35, 30), 0, -110, 140, 0, 10)
    cv2.line(plane, (75, 60), (72, 100), 0, 10)
    cv2.line(plane, (90, 55), (140, 50), 0, 10)
    return plane


def boxed(*, sides: bool) -> NDArray[np.uint8]:
    plane = seven(200, 200)
    if sides:
        for left in (20, 180):
            cv2.line(plane, (left, 15), (left, 185), 0, 4)
    else:
        cv2.rectangle(plane, (15, 15), (185, 185), 0, 4)
    return plane


def dash() -> NDArray[np.uint8]:
    plane = np.full((120, 300), 255, np.uint8)
    cv2.line(plane, (30, 60), (270, 64), 0, 12)
    return plane


def shown_through() -> NDArray[np.uint8]:
    faint = np.maximum(seven()[:, ::-1], 190)
    return np.hstack([seven(), faint]).astype(np.uint8)


@pytest.mark.parametrize(
    "plane",
    [
        seven(),
        strip([0], 4),
        strip([1], 4),
        strip([4], 4),
        broken_five(),
        boxed(sides=True),
        boxed(sides=False),
        dash(),
        shown_through(),
    ],
    ids=["7", "0", "1", "4", "broken 5", "two lines", "box", "dash", "show-through"],
)
def test_one_digit_is_one_digit_whatever_lies_beside_it(plane: NDArray[np.uint8]) -> None:
    answer = result(plane)
    assert not (isinstance(answer, Rejection) and answer.reason is Reason.SEVERAL_DIGITS), answer
