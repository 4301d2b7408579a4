"""Whatever is dropped gets a digit or the right reason."""

from pathlib import Path

import numpy as np
import pytest

from mnist.digits import Image
from mnist.images import Decoded, Limits, Rejection, decode
from tests.cases import Case
from tests.malformed import CASES, table
from tests.pictures import pillow, saved

REFERENCE = decode(saved(pillow(), "PNG"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_kind_of_file_ends_as_the_table_says(case: Case) -> None:
    result = decode(case.make())
    if case.reasons:
        assert isinstance(result, Rejection), result
        assert result.reason in case.reasons, result
        assert result.detail.endswith(".")
        assert 10 < len(result.detail) < 250
    else:
        assert isinstance(result, Decoded), result
        assert isinstance(REFERENCE, Decoded)
        assert _difference(result.pixels, REFERENCE.pixels) < 6


def _difference(one: Image, other: Image) -> float:
    """Mean difference in grey levels, where rounding may have moved the centre by a pixel."""
    shifts = [np.roll(one, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(float(np.abs(shifted.astype(int) - other).mean()) for shifted in shifts)


def test_the_table_is_long_and_its_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len(CASES) >= 60


def test_the_table_is_in_the_documents() -> None:
    assert table() in Path("docs/images-measured.md").read_text()


def test_caps_are_inclusive() -> None:
    content = saved(pillow(), "PNG")
    exactly = Limits(max_bytes=len(content), max_pixels=200 * 160)
    assert isinstance(decode(content, exactly), Decoded)
    assert isinstance(decode(content, Limits(max_bytes=len(content) - 1)), Rejection)
    assert isinstance(decode(content, Limits(max_pixels=200 * 160 - 1)), Rejection)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_pixels_are_capped_in_every_format(image_format: str) -> None:
    content = saved(pillow("RGB"), image_format)
    result = decode(content, Limits(max_pixels=1000))
    assert isinstance(result, Rejection)
    assert result.reason == "too-large"
    assert "200x160" in result.detail
