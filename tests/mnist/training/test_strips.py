"""Lines that are drawn from single digits: repeatable, within their width, with all their ink."""

import numpy as np
import pytest

from mnist.digits import CLASSES
from mnist.layouts.line_images import LINE_HEIGHT, MARGIN
from mnist.training.strips import StripDrawer
from tests.factories import digit_images


@pytest.fixture(scope="module")
def drawer():
    labels = np.arange(60) % 10
    return StripDrawer(digit_images(labels), labels)


@pytest.mark.parametrize("width", [96, 224])
def test_a_strip_has_digits_within_the_width(drawer, width):
    random = np.random.default_rng(1)
    lengths = set()
    for _ in range(100):
        strip = drawer.draw(random, width)
        assert strip.image.shape[0] == LINE_HEIGHT
        assert strip.image.shape[1] <= width
        assert strip.image.dtype == np.uint8
        assert strip.image[:, MARGIN:-MARGIN].max() > 100
        assert set(strip.digits) <= set(range(10))
        lengths.add(len(strip.digits))
    assert lengths >= {1, 2, 3}


def test_the_same_seed_draws_the_same_strips(drawer):
    first, again = (drawer.draw(np.random.default_rng(5), 160) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    assert first.digits == again.digits


def test_what_is_no_digit_and_what_is_blank_is_never_drawn():
    labels = np.array([3, CLASSES, 7])
    images = digit_images(np.array([3, 5, 7]))
    images[2] = 0
    drawer = StripDrawer(images, labels)
    random = np.random.default_rng(0)
    assert {digit for _ in range(30) for digit in drawer.draw(random, 160).digits} == {3}
