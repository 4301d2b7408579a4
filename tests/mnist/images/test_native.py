"""Images in MNIST's format pass byte for byte; others do not pretend to be."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist.digits import ImageWarning
from mnist.images import Decoded, Pipeline, decode
from tests.factories import digit_images


def _png(plane: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", plane)[1].tobytes()


def _decoded(plane: NDArray[np.uint8]) -> Decoded:
    result = decode(_png(plane))
    assert isinstance(result, Decoded)
    return result


def _centred() -> NDArray[np.uint8]:
    """Draw a digit exactly as MNIST places its own."""
    image = np.zeros((28, 28), np.uint8)
    cv2.ellipse(image, (14, 14), (5, 8), 0, 0, 360, 255, 2, cv2.LINE_AA)
    assert cv2.boundingRect((image > 64).astype(np.uint8))[3] == 19
    return image


@pytest.mark.parametrize("digit", range(10))
def test_light_on_dark_passes_untouched(digit: int) -> None:
    image = digit_images(np.array([digit]))[0]
    result = _decoded(image)
    np.testing.assert_array_equal(result.pixels, image)
    assert result.pipeline == "standard"
    assert result.warnings == ()


@given(st.integers(0, 9), st.integers(0, 60), st.integers(100, 255), st.integers(-5, 5))
@settings(max_examples=60, deadline=None)
def test_so_does_any_ground_and_ink_that_is_dark_and_light(
    digit: int, ground: int, ink: int, shift: int
) -> None:
    image = digit_images(np.array([digit]))[0]
    image = np.roll(image, shift, axis=1)
    image = (ground + (image / 255) * (ink - ground)).astype(np.uint8)
    np.testing.assert_array_equal(_decoded(image).pixels, image)


def test_colour_files_of_grey_digits_pass_as_well() -> None:
    image = digit_images(np.array([4]))[0]
    opaque = np.full_like(image, 255)
    for channels in ([image] * 3, [*[image] * 3, opaque]):
        np.testing.assert_array_equal(_decoded(np.dstack(channels)).pixels, image)


def test_the_exact_inverse_of_a_training_image_is_inverted_exactly() -> None:
    result = _decoded(255 - _centred())
    np.testing.assert_array_equal(result.pixels, _centred())
    assert result.pipeline == "standard"


def test_dark_on_light_that_is_placed_otherwise_is_processed() -> None:
    moved = np.roll(_centred(), 4, axis=1)
    result = _decoded(255 - moved)
    assert result.pipeline == "enhanced"
    assert abs(float(np.average(np.arange(28), weights=result.pixels.sum(axis=0))) - 14) <= 0.51


def test_another_size_or_a_grey_ground_is_processed() -> None:
    for plane in (
        np.pad(_centred(), 1),
        cv2.resize(_centred(), (56, 56)),
        np.maximum(_centred(), 150),
    ):
        assert _decoded(plane).pipeline == "enhanced"


def test_a_pipeline_can_be_forced() -> None:
    content = _png(digit_images(np.array([7]))[0])
    forced = decode(content, pipeline=Pipeline.ENHANCED)
    assert isinstance(forced, Decoded)
    assert forced.pipeline == "enhanced"
    large = _png(np.pad(_centred(), 40))
    simple = decode(large, pipeline=Pipeline.STANDARD)
    assert isinstance(simple, Decoded)
    assert simple.pipeline == "standard"


def test_doubts_about_native_images_are_named() -> None:
    two = digit_images(np.array([1]))[0][:, 7:21]
    cut = np.zeros((28, 28), np.uint8)
    cut[4:24, 22:] = 255
    speckled = digit_images(np.array([7]))[0]
    speckled[2:26:4, ::5] = 255
    doubts = {
        ImageWarning.SEVERAL_COMPONENTS: np.hstack([two, two]),
        ImageWarning.CUT_OFF: cut,
        ImageWarning.LOW_CONTRAST: (digit_images(np.array([3]))[0] * 0.42).astype(np.uint8),
        ImageWarning.NOISY: speckled,
    }
    for doubt, image in doubts.items():
        assert doubt in _decoded(image).warnings, doubt
