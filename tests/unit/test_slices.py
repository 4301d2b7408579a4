"""Slices: what is thin, thick, slanted or small is measured as drawn."""

import cv2
import numpy as np
import pytest

from mnist.errors import InvalidInput
from mnist.evaluation.slices import named_slices, sizes, slants, stroke_widths


def strokes(*lines, thickness=2):
    """Draw one line per image, from (column, row) to (column, row)."""
    images = np.zeros((len(lines), 28, 28), np.uint8)
    for image, (start, end) in zip(images, lines, strict=True):
        cv2.line(image, start, end, 255, thickness)
    return images


UPRIGHT, RIGHT, LEFT = ((14, 4), (14, 24)), ((18, 4), (8, 24)), ((8, 4), (18, 24))


def test_a_stroke_leaning_right_has_a_positive_slant():
    upright, right, left = slants(strokes(UPRIGHT, RIGHT, LEFT))

    assert upright == pytest.approx(0, abs=0.02)
    assert right == pytest.approx(0.5, abs=0.05)
    assert left == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize("width", [2, 4, 6])
def test_the_width_of_a_straight_stroke_is_measured(width):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 2:26, 10 : 10 + width] = 255

    assert stroke_widths(image)[0] == pytest.approx(width, rel=0.15)


def test_faint_noise_is_no_ink():
    noise = np.full((1, 28, 28), 20, np.uint8)

    assert stroke_widths(noise)[0] == sizes(noise)[0] == 0


def test_the_size_is_the_diagonal_of_the_ink():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:8, 10:13] = 255  # 4 high, 3 wide

    assert sizes(image)[0] == 5


def test_each_slice_holds_the_extreme_tenth():
    images = np.concatenate([strokes(*[UPRIGHT] * 16), strokes(RIGHT, LEFT, RIGHT, LEFT)])

    slices = named_slices(images)

    assert np.flatnonzero(slices["slanted right"]).tolist() == [16, 18]
    assert np.flatnonzero(slices["slanted left"]).tolist() == [17, 19]
    assert {int(mask.sum()) for mask in slices.values()} == {2}


def test_blank_images_and_single_images_have_slices_too():
    slices = named_slices(np.zeros((1, 28, 28), np.uint8))

    assert all(mask.tolist() == [True] for mask in slices.values())


def test_students_and_employees_are_told_apart_by_the_number_of_the_writer():
    images = strokes(*[UPRIGHT] * 4)

    both = named_slices(images, np.array([2351, 326, 2599, 373]))
    students_only = named_slices(images, np.array([2351, 2352, 2353, 2354]))

    assert both["written by students"].tolist() == [True, False, True, False]
    assert (both["written by employees"] == ~both["written by students"]).all()
    assert "written by students" not in students_only


@pytest.mark.parametrize(("count", "writers"), [(0, None), (2, np.array([1]))])
def test_what_cannot_be_sliced_is_refused(count, writers):
    with pytest.raises(InvalidInput, match=f"{count} images"):
        named_slices(np.zeros((count, 28, 28), np.uint8), writers)
