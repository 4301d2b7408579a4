"""Odd files with the seven of `tests.pictures` in them, which must be read."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests import pictures
from tests.cases import Case
from tests.pictures import (
    chunk,
    exif,
    jpeg,
    noise,
    pillow,
    png,
    saved,
    seven,
    with_chunks,
    zip_of_png,
)


def _scaled(dtype: str, top: float) -> NDArray:
    return (seven() / 255 * top).astype(dtype)


def _not_finite() -> bytes:
    plane = _scaled("float32", 1)
    plane[:3, :3], plane[5, 5] = np.nan, np.inf
    return pictures.tiff_of(plane)


ODD_PNGS = [
    Case("grey PNG", png, ()),
    Case("colour PNG", lambda: saved(pillow("RGB"), "PNG"), ()),
    Case("palette PNG", lambda: saved(pillow("P"), "PNG"), ()),
    Case("bilevel PNG", lambda: saved(pillow("1"), "PNG"), ()),
    Case("PNG of two bits", lambda: saved(pillow().quantize(4), "PNG", bits=2), ()),
    Case("PNG with opaque alpha", lambda: saved(pillow("RGBA"), "PNG"), ()),
    Case("grey PNG with alpha", lambda: saved(pillow("LA"), "PNG"), ()),
    Case("black on transparent", lambda: saved(pictures.on_transparent(0), "PNG"), ()),
    Case("white on transparent", lambda: saved(pictures.on_transparent(255), "PNG"), ()),
    Case("PNG with a transparent colour", lambda: saved(pillow(), "PNG", transparency=255), ()),
    Case("16-bit PNG", cv2.imencode(".png", _scaled("uint16", 65_535))[1].tobytes, ()),
    Case(
        "12 bits in a 16-bit PNG",
        cv2.imencode(".png", _scaled("uint16", 4095))[1].tobytes,
        (),
    ),
    Case(
        "16-bit colour PNG",
        cv2.imencode(".png", np.dstack([_scaled("uint16", 65_535)] * 3))[1].tobytes,
        (),
    ),
    Case("interlaced PNG", pictures.interlaced, ()),
    Case(
        "PNG with a script in its text",
        lambda: with_chunks(chunk(b"tEXt", b"a\0<script>alert(7)</script>")),
        (),
    ),
    Case(
        "PNG with a colour profile of noise",
        lambda: with_chunks(chunk(b"iCCP", b"a\0\0" + noise(99))),
        (),
    ),
    Case("PNG that is a zip as well", lambda: png() + zip_of_png(), ()),
    Case("PNG of 29 megapixels", lambda: saved(pillow(height=4800, width=6000), "PNG"), ()),
]

ODD_OTHERS = [
    Case("JPEG", jpeg, ()),
    Case("grey JPEG of a seven", lambda: saved(pillow(), "JPEG"), ()),
    Case("progressive JPEG", lambda: jpeg(progressive=True), ()),
    Case("CMYK JPEG", lambda: saved(pillow("CMYK"), "JPEG"), ()),
    Case("JPEG with noise behind it", lambda: jpeg() + noise(500).replace(b"\xff", b""), ()),
    Case("JPEG with damaged EXIF", lambda: jpeg(exif=b"Exif\0\0" + noise(200)), ()),
    Case("JPEG with a comment", lambda: jpeg(comment=b"<?php 7 ?>"), ()),
    *(
        Case(
            f"JPEG turned {turn}",
            lambda t=turn: saved(pictures.oriented(t), "JPEG", exif=exif(t)),
            (),
        )
        for turn in range(1, 9)
    ),
    Case("PNG turned 6", lambda: saved(pictures.oriented(6), "PNG", exif=exif(6)), ()),
    Case("WEBP turned 8", lambda: saved(pictures.oriented(8), "WEBP", exif=exif(8)), ()),
    Case("BMP", lambda: saved(pillow("RGB"), "BMP"), ()),
    Case("grey BMP", lambda: saved(pillow(), "BMP"), ()),
    Case("bilevel BMP", lambda: saved(pillow("1"), "BMP"), ()),
    Case("BMP from top to bottom", pictures.top_down_bmp, ()),
    Case("GIF", lambda: saved(pillow("P"), "GIF"), ()),
    Case("TIFF", lambda: saved(pillow(), "TIFF"), ()),
    Case("bilevel fax TIFF", lambda: saved(pillow("1"), "TIFF", compression="group4"), ()),
    Case("LZW TIFF", lambda: saved(pillow("RGB"), "TIFF", compression="tiff_lzw"), ()),
    Case("CMYK TIFF", lambda: saved(pillow("CMYK"), "TIFF"), ()),
    Case("LAB TIFF", lambda: saved(Image.merge("LAB", [pillow()] * 3), "TIFF"), ()),
    Case("16-bit TIFF", lambda: pictures.tiff_of(_scaled("uint16", 65_535)), ()),
    Case(
        "16-bit colour TIFF",
        lambda: pictures.tiff_of(np.dstack([_scaled("uint16", 65_535)] * 3)),
        (),
    ),
    Case("float TIFF from 0 to 1", lambda: pictures.tiff_of(_scaled("float32", 1)), ()),
    Case("float TIFF with NaN and infinity", _not_finite, ()),
    Case(
        "lossless WEBP on transparent",
        lambda: saved(pictures.on_transparent(0), "WEBP", lossless=True),
        (),
    ),
    Case("HEIC", pictures.heic, ()),
    Case("PDF of one page", lambda: saved(pillow(), "PDF"), ()),
]

READABLE = [*ODD_PNGS, *ODD_OTHERS]
