"""Files that must be rejected, each with the reasons that are right for it."""

import gzip
import io
import pickle
import plistlib
import struct
import tarfile
import zlib
from functools import cache, partial
from typing import Literal

from PIL import Image

from mnist.digits import Reason
from tests import pictures
from tests.cases import Case
from tests.paged_files import FORMATS, locked_pdf, paged, tiff_chain
from tests.pictures import (
    chunk,
    ihdr,
    jpeg,
    noise,
    pillow,
    png,
    png_of,
    saved,
    seven,
    with_chunks,
    zip_of_png,
)

R = Reason


def _idat(payload: bytes, width: int = 200, height: int = 160) -> bytes:
    return png_of(ihdr(width, height), chunk(b"IDAT", payload), chunk(b"IEND", b""))


@cache
def bomb(side: int = 20_000) -> bytes:
    """Make 400 megapixels of zeros in 400 kB."""
    packer = zlib.compressobj(9)
    row = b"\0" * (side + 1)
    return _idat(b"".join(packer.compress(row) for _ in range(side)) + packer.flush(), side, side)


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def _jpeg_sized(width: int, height: int) -> bytes:
    content = jpeg()
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def _gif_sized(width: int, height: int) -> bytes:
    content = saved(pillow("P"), "GIF")
    return content[:6] + struct.pack("<HH", width, height) + content[10:]


def _tiff(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + body + struct.pack("<I", following)


def _huge_tiff() -> bytes:
    side = 50_000
    return _tiff(
        (256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, side), (279, 4, 1, side * side % 2**32),
    )  # fmt: skip


def _tar(mode: Literal["w:", "w:gz", "w:bz2", "w:xz"]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as archive:
        info = tarfile.TarInfo("7.png")
        info.size = len(png())
        archive.addfile(info, io.BytesIO(png()))
    return content.getvalue()


ARCHIVES = {
    "zip": zip_of_png,
    "gzip of a PNG": lambda: gzip.compress(png(), mtime=0),
    "tar": lambda: _tar("w:"),
    "tar.gz": lambda: _tar("w:gz"),
    "tar.bz2": lambda: _tar("w:bz2"),
    "tar.xz": lambda: _tar("w:xz"),
    "7z": lambda: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(100),
    "rar": lambda: b"Rar!\x1a\x07\x01\0" + bytes(100),
    "Zstandard": lambda: b"\x28\xb5\x2f\xfd\x04\x58" + bytes(100),
}

NOT_IMAGES = [
    Case("empty", lambda: b"", (R.EMPTY,)),
    Case("one zero byte", lambda: b"\0", (R.NOT_AN_IMAGE,)),
    Case("zeros", lambda: bytes(1000), (R.NOT_AN_IMAGE,)),
    Case("noise", lambda: noise(1000), (R.NOT_AN_IMAGE,)),
    Case("plain text", lambda: b"seven\n" * 20, (R.NOT_AN_IMAGE,)),
    Case("HTML error page", lambda: b"<!DOCTYPE html><h1>404</h1>", (R.NOT_AN_IMAGE,)),
    Case("JSON", lambda: b'{"digit": 7}', (R.NOT_AN_IMAGE,)),
    Case("CSV", lambda: b"file,label\na.png,7\n", (R.NOT_AN_IMAGE,)),
    Case(
        "binary plist", lambda: plistlib.dumps({"a": 7}, fmt=plistlib.FMT_BINARY), (R.NOT_AN_IMAGE,)
    ),
    Case("XML plist", lambda: plistlib.dumps({"a": 7}), (R.NOT_AN_IMAGE,)),
    *(Case(name, make, (R.UNSUPPORTED_FORMAT,)) for name, make in ARCHIVES.items()),
    Case("pickle", lambda: pickle.dumps([7]), (R.NOT_AN_IMAGE,)),
    Case("executable", lambda: b"\x7fELF\x02\x01\x01" + bytes(200), (R.NOT_AN_IMAGE,)),
    Case("sound in a RIFF", lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(30), (R.NOT_AN_IMAGE,)),
    Case("base64 of a PNG", lambda: b"iVBORw0KGgoAAAANSUhEUgAA", (R.NOT_AN_IMAGE,)),
    Case("PNG sent as text", lambda: png().replace(b"\r\n", b"\n"), (R.NOT_AN_IMAGE,)),
    Case("SVG", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', (R.UNSUPPORTED_FORMAT,)),
    Case("SVG after a prolog", lambda: b'<?xml version="1.0"?>\n<svg/>', (R.UNSUPPORTED_FORMAT,)),
    Case("Photoshop", lambda: b"8BPS\0\x01" + bytes(100), (R.UNSUPPORTED_FORMAT,)),
    Case("icon", lambda: saved(pillow("RGBA"), "ICO"), (R.UNSUPPORTED_FORMAT,)),
    Case("JPEG 2000", lambda: saved(pillow(), "JPEG2000"), (R.UNSUPPORTED_FORMAT,)),
    Case("AVIF", lambda: saved(pillow("RGB"), "AVIF"), (R.UNSUPPORTED_FORMAT,)),
    Case("film", lambda: b"\0\0\0\x18ftypmp42" + bytes(100), (R.UNSUPPORTED_FORMAT,)),
]

DAMAGED_PNGS = [
    *(
        Case(
            f"PNG cut after {tenth} tenths",
            lambda t=tenth: png()[: len(png()) * t // 10],
            (R.TRUNCATED,),
        )
        for tenth in range(1, 10)
    ),
    Case("half a PNG signature", lambda: pictures.SIGNATURE[:4], (R.TRUNCATED,)),
    Case("PNG signature alone", lambda: pictures.SIGNATURE, (R.TRUNCATED,)),
    Case("PNG without its end", lambda: png()[:-12], (R.TRUNCATED,)),
    Case("PNG with a bad header CRC", lambda: _flipped(png(), 30), (R.CORRUPT,)),
    Case("PNG with a bad data CRC", lambda: _flipped(png(), 60), (R.CORRUPT,)),
    Case("PNG without data", lambda: png_of(ihdr(200, 160), chunk(b"IEND", b"")), (R.CORRUPT,)),
    Case("PNG of noise for data", lambda: _idat(noise(500)), (R.CORRUPT,)),
    Case("PNG with too little data", lambda: _idat(zlib.compress(bytes(2000))), (R.CORRUPT,)),
    Case("PNG of zero width", lambda: _idat(zlib.compress(b""), 0, 160), (R.CORRUPT,)),
    Case("PNG of depth 7", lambda: png_of(ihdr(9, 9, depth=7), chunk(b"IEND", b"")), (R.CORRUPT,)),
    Case(
        "PNG that starts with data",
        lambda: png_of(chunk(b"IDAT", b""), chunk(b"IEND", b"")),
        (R.CORRUPT,),
    ),
    Case("PNG of nothing but its end", lambda: png_of(chunk(b"IEND", b"")), (R.CORRUPT,)),
    Case(
        "PNG of 30,000 chunks", lambda: with_chunks(*[chunk(b"teXt", b"")] * 30_000), (R.CORRUPT,)
    ),
    Case(
        "PNG for one vendor's phones",
        lambda: with_chunks(chunk(b"CgBI", b"\0\0\0\0")),
        (R.UNSUPPORTED_FORMAT,),
    ),
]

DAMAGED_OTHERS = [
    *(
        Case(
            f"JPEG cut after {tenth} tenths",
            lambda t=tenth: jpeg()[: len(jpeg()) * t // 10],
            (R.TRUNCATED,),
        )
        for tenth in range(1, 10)
    ),
    Case("JPEG start alone", lambda: b"\xff\xd8\xff", (R.TRUNCATED,)),
    Case("JPEG without its end", lambda: jpeg()[:-2], (R.TRUNCATED,)),
    Case(
        "JPEG without a frame",
        lambda: b"\xff\xd8\xff\xda\0\x08" + bytes(9) + b"\xff\xd9",
        (R.CORRUPT,),
    ),
    Case("JPEG of zero height", lambda: _jpeg_sized(200, 0), (R.CORRUPT,)),
    Case("JPEG start before noise", lambda: b"\xff\xd8\xff\xe0\0\x04" + bytes(50), (R.CORRUPT,)),
    Case("BMP header alone", lambda: pictures.bmp()[:40], (R.TRUNCATED,)),
    Case("BMP without rows", pictures.bmp, (R.TRUNCATED,)),
    Case("BMP of zero width", lambda: pictures.bmp(width=0), (R.CORRUPT,)),
    Case("half a GIF", lambda: saved(pillow("P"), "GIF")[:300], (R.TRUNCATED, R.CORRUPT)),
    Case(
        "GIF without a frame",
        lambda: saved(pillow("P"), "GIF")[:13] + b";",
        (R.TRUNCATED, R.CORRUPT),
    ),
    Case("half a TIFF", lambda: saved(pillow(), "TIFF")[:9000], (R.TRUNCATED, R.CORRUPT)),
    Case(
        "TIFF that points past its end", lambda: b"II*\0\xff\xff\xff\x7f", (R.TRUNCATED, R.CORRUPT)
    ),
    Case("TIFF directory that follows itself", lambda: _tiff(following=8), (R.CORRUPT,)),
    Case("half a WEBP", lambda: saved(pillow("RGB"), "WEBP")[:300], (R.TRUNCATED, R.CORRUPT)),
    Case(
        "WEBP of noise", lambda: b"RIFF\xf8\x01\0\0WEBPVP8 " + noise(500), (R.TRUNCATED, R.CORRUPT)
    ),
    Case("half a HEIC", lambda: pictures.heic()[:400], (R.TRUNCATED, R.CORRUPT)),
    Case("HEIC of noise", lambda: b"\0\0\0\x18ftypheic" + noise(500), (R.TRUNCATED, R.CORRUPT)),
]

WRONG_SIZES = [
    Case("PNG header of 50,000 x 50,000", lambda: _idat(b"", 50_000, 50_000), (R.TOO_LARGE,)),
    Case(
        "PNG header of 2 billion squared", lambda: _idat(b"", 2**31 - 1, 2**31 - 1), (R.TOO_LARGE,)
    ),
    Case("PNG bomb of 400 megapixels", bomb, (R.TOO_LARGE,)),
    Case("JPEG header of 65,500 x 65,500", lambda: _jpeg_sized(65_500, 65_500), (R.TOO_LARGE,)),
    Case(
        "BMP header of 50,000 x 50,000",
        lambda: pictures.bmp(50_000, 50_000),
        (R.TOO_LARGE, R.TRUNCATED),
    ),
    Case("GIF screen of 65,000 x 65,000", lambda: _gif_sized(65_000, 65_000), (R.TOO_LARGE,)),
    Case("TIFF header of 50,000 x 50,000", _huge_tiff, (R.TOO_LARGE,)),
    Case("more bytes than allowed", lambda: png() + bytes(20_000_000), (R.TOO_LARGE,)),
    Case("1 x 1 PNG", lambda: saved(Image.new("L", (1, 1)), "PNG"), (R.TOO_SMALL,)),
    Case("1 x 1 GIF", lambda: saved(Image.new("P", (1, 1)), "GIF"), (R.TOO_SMALL,)),
    Case("1 x 5,000 PNG", lambda: saved(Image.new("L", (1, 5000)), "PNG"), (R.TOO_SMALL,)),
    Case("5 x 5 PNG", lambda: saved(Image.new("L", (5, 5)), "PNG"), (R.TOO_SMALL,)),
]

WITHOUT_INK = [
    Case("white", lambda: saved(Image.new("L", (200, 160), 255), "PNG"), (R.BLANK,)),
    Case("black", lambda: saved(Image.new("L", (28, 28), 0), "PNG"), (R.BLANK,)),
    Case("grey JPEG", lambda: saved(Image.new("RGB", (200, 160), "gray"), "JPEG"), (R.BLANK,)),
    Case("nothing but transparency", lambda: saved(Image.new("RGBA", (99, 99)), "PNG"), (R.BLANK,)),
    Case("five grey levels", lambda: saved(Image.fromarray(seven(ink=250)), "PNG"), (R.BLANK,)),
]

OF_SEVERAL_PAGES = [
    *(
        Case(f"{name} of 3 pages", partial(make, (7, 8, 9)), (R.SEVERAL_PAGES,))
        for name, make in FORMATS.items()
    ),
    Case("TIFF of 2,001 pages", lambda: tiff_chain((0,) * 2_001), (R.TOO_LARGE,)),
    Case("TIFF whose next page is lost", lambda: tiff_chain((0,), lost=True), (R.SEVERAL_PAGES,)),
    Case("PDF of nothing", lambda: b"%PDF-1.7\n" + bytes(100), (R.CORRUPT,)),
    Case("half a PDF", lambda: paged("PDF", (7,))[:900], (R.CORRUPT,)),
    Case("PDF with a password", locked_pdf, (R.ENCRYPTED,)),
]

REJECTED = [
    *NOT_IMAGES,
    *DAMAGED_PNGS,
    *DAMAGED_OTHERS,
    *WRONG_SIZES,
    *WITHOUT_INK,
    *OF_SEVERAL_PAGES,
]
