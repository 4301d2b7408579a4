"""A page keeps as many pixels as its limits allow, whoever decodes it."""

import cv2
import numpy as np
import pytest

from mnist.digits import Reason
from mnist.images import Limits, Rejection, load_plane, page_files
from tests.pictures import pillow, saved, seven

PAGE = Limits(longest_side=2_400)


@pytest.mark.parametrize("image_format", ["PNG", "GIF"])  # in this process, and in the sandbox
def test_a_page_is_divided_until_it_is_as_short_as_asked_for(image_format: str) -> None:
    content = saved(pillow(height=2_100, width=1_000), image_format)
    for limits, shape in ((PAGE, (2_100, 1_000)), (Limits(), (1_050, 500))):
        plane = load_plane(content, limits)
        assert not isinstance(plane, Rejection)
        assert plane.shape == shape


def test_pages_of_a_file_too() -> None:
    first, second = pillow(height=1_400, width=700), pillow(height=100, width=80)
    content = saved(first, "TIFF", save_all=True, append_images=[second])
    drawn = list(page_files(content, (1, 2), PAGE))
    planes = [load_plane(page, PAGE) for page in drawn if isinstance(page, bytes)]
    assert [plane.shape for plane in planes if not isinstance(plane, Rejection)] == [
        (1_400, 700),
        (100, 80),
    ]


def test_what_cannot_be_decoded_has_a_reason() -> None:
    content = bytes(cv2.imencode(".png", seven())[1])
    plane = load_plane(content)
    assert not isinstance(plane, Rejection)
    np.testing.assert_array_equal(plane, seven())
    problem = load_plane(content[: len(content) // 2])
    assert isinstance(problem, Rejection)
    assert problem.reason in {Reason.TRUNCATED, Reason.CORRUPT}
