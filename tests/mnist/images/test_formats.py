"""Structure is checked before any decoder runs, and decoders see only what they need."""

import io

import pytest
from PIL import Image

from mnist.images.formats import inspect
from mnist.images.header import Format, Header
from mnist.images.results import Limits
from tests.pictures import (
    chunk,
    exif,
    heic,
    interlaced,
    jpeg,
    noise,
    oriented,
    pillow,
    png,
    saved,
    with_chunks,
    zip_of_png,
)


def _header(content: bytes) -> Header:
    header = inspect(content, Limits())
    assert isinstance(header, Header)
    return header


def _with_scans(progressive: bytes, count: int) -> bytes:
    """Repeat the last scan, each time at the cost of a pass over the whole picture."""
    scan, end = progressive.rindex(b"\xff\xda"), progressive.rindex(b"\xff\xd9")
    return progressive[:end] + progressive[scan:end] * count + progressive[end:]


@pytest.mark.parametrize(
    ("content", "image_format", "plain"),
    [
        (png(), Format.PNG, True),
        (saved(pillow("RGBA"), "PNG"), Format.PNG, True),
        (interlaced(), Format.PNG, False),
        (jpeg(), Format.JPEG, True),
        (jpeg(progressive=True), Format.JPEG, True),
        (_with_scans(jpeg(progressive=True), 30), Format.JPEG, False),
        (saved(pillow("CMYK"), "JPEG"), Format.JPEG, False),
        (saved(pillow("RGB"), "BMP"), Format.BMP, True),
        (saved(pillow("1"), "BMP"), Format.BMP, False),
        (saved(pillow("P"), "GIF"), Format.GIF, False),
        (saved(pillow(), "TIFF"), Format.TIFF, False),
        (saved(pillow("RGB"), "WEBP"), Format.WEBP, False),
        (heic(), Format.HEIC, False),
    ],
)
def test_only_simple_files_are_decoded_in_the_worker(
    content: bytes, image_format: Format, plain: object
) -> None:
    header = _header(content)
    assert (header.format, header.plain) == (image_format, plain)


@pytest.mark.parametrize(
    ("content", "unwanted"),
    [
        (png() + zip_of_png(), b"PK"),
        (with_chunks(chunk(b"tEXt", b"a\0<script>")), b"<script>"),
        (with_chunks(chunk(b"iCCP", b"a\0\0" + noise(99))), b"iCCP"),
        (jpeg(comment=b"<?php 7 ?>"), b"<?php"),
        (jpeg(exif=b"Exif\0\0" + noise(99)), b"Exif"),
        (jpeg() + b"PK", b"PK"),
    ],
)
def test_metadata_and_what_follows_the_image_reach_no_decoder(
    content: bytes, unwanted: bytes
) -> None:
    assert unwanted in content
    payload = _header(content).payload
    assert unwanted not in payload
    with Image.open(io.BytesIO(payload)) as image:
        image.load()
        assert image.size == (200, 160)


def test_a_file_without_metadata_is_not_copied() -> None:
    content = png()
    assert _header(content).payload is content


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_from_exif(image_format: str, orientation: int) -> None:
    content = saved(oriented(1), image_format, exif=exif(orientation))
    assert _header(content).orientation == orientation


@pytest.mark.parametrize("orientation", [0, 9, 200])
def test_an_impossible_orientation_is_upright(orientation: int) -> None:
    assert _header(saved(oriented(1), "JPEG", exif=exif(orientation))).orientation == 1
