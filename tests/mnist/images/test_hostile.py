"""No bytes at all make `decode` raise, and it answers nothing but digits and reasons."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Reason
from mnist.images import Decoded, Pipeline, Rejection, decode
from tests.pictures import heic, interlaced, jpeg, noise, pillow, png, saved

VALID = [
    png(),
    jpeg(),
    interlaced(),
    saved(pillow("RGB"), "BMP"),
    saved(pillow("P"), "GIF"),
    saved(pillow(), "TIFF", compression="tiff_lzw"),
    saved(pillow("RGB"), "WEBP"),
    heic(),
]
STARTS = [content[:12] for content in VALID]


def _check(result: Decoded | Rejection) -> None:
    if isinstance(result, Rejection):
        assert result.reason in set(Reason)
        assert result.detail
        return
    assert result.pixels.shape == (28, 28)
    assert result.pixels.dtype == np.uint8
    assert result.pixels.any()
    assert set(result.warnings) <= set(ImageWarning)
    assert result.pipeline in set(Pipeline)


@given(st.binary(max_size=400))
def test_random_bytes(content: bytes) -> None:
    assert isinstance(decode(content), Rejection)


@given(st.sampled_from(STARTS), st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_random_bytes_after_a_true_start(start: bytes, rest: bytes) -> None:
    _check(decode(start + rest))


@given(st.sampled_from(VALID), st.data())
@settings(max_examples=150, deadline=None)
def test_cut_anywhere(content: bytes, data: st.DataObject) -> None:
    _check(decode(content[: data.draw(st.integers(0, len(content)))]))


@given(st.sampled_from(VALID), st.data())
@settings(max_examples=250, deadline=None)
def test_bytes_changed_anywhere(content: bytes, data: st.DataObject) -> None:
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _check(decode(bytes(changed)))


SHAPES = st.tuples(st.integers(4, 90), st.integers(8, 90))


@given(
    hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 255)), st.sampled_from([None, *Pipeline])
)
@settings(max_examples=250, deadline=None)
def test_any_picture(plane: NDArray[np.uint8], pipeline: Pipeline | None) -> None:
    _check(decode(cv2.imencode(".png", plane)[1].tobytes(), pipeline=pipeline))


@given(SHAPES, st.integers(0, 99), st.floats(0, 1), st.sampled_from([0, 255]), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_any_noise(
    shape: tuple[int, int], seed: int, share: float, ground: int, channels: int
) -> None:
    generator = np.random.default_rng(seed)
    plane = (generator.random((*shape, channels)) < share).astype(np.uint8) * 255
    plane ^= np.uint8(ground)
    plane = plane[:, :, 0] if channels < 3 else plane
    _check(decode(cv2.imencode(".png", plane)[1].tobytes()))


def test_large_noise_stays_cheap() -> None:
    """A hundred thousand pieces of ink must not be compared with each other."""
    plane = np.frombuffer(noise(1000 * 1000), np.uint8).reshape(1000, 1000)
    for picture in (plane, (plane > 127) * np.uint8(255), (plane > 250) * np.uint8(255)):
        _check(decode(cv2.imencode(".png", picture)[1].tobytes()))
