"""Images in MNIST's format pass byte for byte; others do not pretend to be."""

import os
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist.data.datasets import load_dataset
from mnist.digits import ImageWarning
from mnist.images import Decoded, Limits, Pipeline, Rejection, decode, decode_native
from mnist.images.native import as_native
from tests.factories import digit_images


def _png(plane: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", plane)[1].tobytes()


def _decoded(plane: NDArray[np.uint8]) -> Decoded:
    result = decode(_png(plane))
    assert isinstance(result, Decoded)
    return result


def _centred() -> NDArray[np.uint8]:
    """Draw a zero as MNIST places its own."""
    return digit_images(np.array([0]))[0]


@pytest.mark.parametrize("digit", range(10))
def test_light_on_dark_passes_untouched(digit: int) -> None:
    image = digit_images(np.array([digit]))[0]
    result = _decoded(image)
    np.testing.assert_array_equal(result.pixels, image)
    assert result.pipeline == "standard"
    assert result.warnings == ()


def _is_placed_again(plane: NDArray[np.uint8]) -> bool:
    """Whether the result fills MNIST's box, in the middle, with full ink on black."""
    result = _decoded(plane)
    _, _, width, height = cv2.boundingRect((result.pixels > 64).astype(np.uint8))
    middles = [np.average(np.arange(28), weights=result.pixels.sum(axis=axis)) for axis in (0, 1)]
    return bool(
        result.pipeline == "enhanced"
        and 19 <= max(width, height) <= 20
        and max(abs(middle - 14) for middle in middles) <= 0.51
        and result.pixels.max() == 255
        and np.median(result.pixels) == 0
    )


@given(
    digit=st.integers(0, 9),
    height=st.integers(9, 16),
    down=st.floats(0, 1),
    right=st.floats(0, 1),
    negative=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_small_digit_anywhere_is_placed_again_whatever_its_polarity(
    digit: int, height: int, down: float, right: float, *, negative: bool
) -> None:
    image = digit_images(np.array([digit]))[0]
    left, top, wide, high = cv2.boundingRect(image)
    size = (max(2, round(wide * height / high)), height)
    small = cv2.resize(image[top : top + high, left : left + wide], size, interpolation=3)
    plane = np.zeros((28, 28), np.uint8)
    top, left = round(down * (28 - height)), round(right * (28 - size[0]))
    plane[top : top + height, left : left + size[0]] = small
    assert _is_placed_again(255 - plane if negative else plane)


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("fault", ["off centre", "grey ground", "dim", "pen of one pixel"])
def test_what_mnist_does_not_have_is_placed_again(fault: str, *, negative: bool) -> None:
    thin = cv2.ellipse(np.zeros((28, 28), np.uint8), (14, 14), (5, 9), 0, 0, 360, 255, 1)
    plane = {
        "off centre": np.roll(_centred(), (2, -2), (0, 1)),
        "grey ground": (40 + _centred() * (200 / 255)).astype(np.uint8),
        "dim": (_centred() * 0.5).astype(np.uint8),
        "pen of one pixel": thin,
    }[fault]
    assert _is_placed_again(255 - plane if negative else plane)


@pytest.mark.skipif("MNIST_DATA_DIR" not in os.environ, reason="MNIST_DATA_DIR is not set")
def test_mnists_own_images_and_their_negatives_pass_untouched() -> None:
    data = load_dataset(Path(os.environ["MNIST_DATA_DIR"]))
    for image in np.concatenate([data.train.images, data.test.images]):
        np.testing.assert_array_equal(as_native(image), image)
    for image in data.test.images:
        native = as_native(np.bitwise_not(image))
        assert native is not None
        assert (native == image).all()


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
    two = np.zeros((28, 28), np.uint8)
    two[4:24, 8:10] = two[4:24, 18:20] = 255
    speckled = _centred()
    for row, column in ((5, 5), (9, 4), (13, 5), (17, 4), (21, 5)):
        # In pairs, so that the centre of mass stays where it is.
        speckled[row, column] = speckled[27 - row, 27 - column] = 255
    doubts = {ImageWarning.SEVERAL_COMPONENTS: two, ImageWarning.NOISY: speckled}
    for doubt, image in doubts.items():
        result = _decoded(image)
        assert result.pipeline == "standard", doubt
        assert doubt in result.warnings, doubt


def _odd_pictures() -> NDArray[np.uint8]:
    """Draw digits as MNIST has them, as negatives, and in every way in which it does not."""
    digits = digit_images(np.arange(10))
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    sparse = np.where(random.random((200, 28, 28)) < random.random((200, 1, 1)) / 4, 255, 0)
    sparse[:, :4] = sparse[:, 24:] = sparse[:, :, :4] = sparse[:, :, 24:] = 0
    dim, grey = digits // 2, 40 + digits // 2
    moved = np.concatenate([np.roll(digits, by, axis=(1, 2)) for by in ((1, 0), (-4, -4), (8, 8))])
    blank = np.zeros((1, 28, 28), np.uint8)
    return np.concatenate(
        [digits, 255 - digits, moved, 255 - moved, dim, grey, noise, sparse, blank]
    ).astype(np.uint8)


def test_images_decoded_together_are_what_each_is_by_itself() -> None:
    pictures = _odd_pictures()
    together = decode_native([_png(picture) for picture in pictures], Limits())
    warned = 0
    for picture, native in zip(pictures, together, strict=True):
        alone = decode(_png(picture))
        is_native = isinstance(alone, Decoded) and alone.pipeline == "standard"
        assert (native is not None) == is_native
        if native is not None and isinstance(alone, Decoded):
            np.testing.assert_array_equal(native.pixels, alone.pixels)
            assert (native.warnings, native.pipeline) == (alone.warnings, alone.pipeline)
            assert astuple(native.source) == pytest.approx(astuple(alone.source))
            warned += bool(native.warnings)
    assert sum(native is not None for native in together) >= 40
    assert warned >= 10


def test_other_files_beside_them_are_left_alone() -> None:
    image = _png(_centred())
    large = _png(np.pad(_centred(), 20))
    gone = Rejection(ImageWarning.NOISY, "")  # type: ignore[arg-type]
    files = [b"", large, image[:40], image, gone, cv2.imencode(".bmp", _centred())[1].tobytes()]
    assert [result is not None for result in decode_native(files, Limits())] == [
        *[False] * 3,
        True,
        *[False] * 2,
    ]
    assert decode_native([], Limits()) == []
    assert decode_native([image], Limits(max_bytes=10)) == [None]


def test_a_pen_is_measured_up_to_the_edge_of_the_picture() -> None:
    rows, columns = np.indices((28, 28))
    dots = (
        ((rows + columns) % 2 == 0) & (rows >= 10) & (rows < 20) & (columns >= 9) & (columns < 19)
    )
    picture = np.where(dots, 255, 0).astype(np.uint8)  # nowhere two rows and two columns thick
    picture[0, 13:15] = 255  # but here, if what lies beyond the edge counts as ink
    np.testing.assert_array_equal(as_native(picture), picture)
