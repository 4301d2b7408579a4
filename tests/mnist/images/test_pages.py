"""Each page of a file is an image of its own, in every format that has pages."""

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from mnist.digits import Reason
from mnist.images import Decoded, Limits, Rejection, SeveralPages, decode, page_files
from mnist.images.header import Format
from mnist.images.sandbox import Sandbox, sandbox
from mnist.images.sandbox_protocol import Request
from tests.paged_files import FORMATS, bilevel, page, paged, tiff_chain, with_gain_map
from tests.pictures import saved

LIMITS = Limits()


def plane(content: bytes | Rejection) -> np.ndarray:
    assert isinstance(content, bytes), content
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"), int)


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_every_page_is_counted_and_looks_as_it_was_drawn(make) -> None:
    content = make((3, None, 7))
    result = decode(content)
    assert isinstance(result, SeveralPages)
    assert result.pages == 3
    three, blank, seven = map(plane, page_files(content, (1, 2, 3), LIMITS))
    assert blank.min() > 240
    for got, digit in ((three, 3), (seven, 7)):
        drawn = page(digit).convert("1" if make is bilevel else "L").convert("L")
        wanted = np.asarray(drawn.resize(got.shape[::-1]), int)
        assert np.abs(got - wanted).mean() < 12


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_a_file_of_one_page_is_an_image(make) -> None:
    assert isinstance(decode(make((5,))), Decoded)


@pytest.mark.parametrize("name", ["TIFF", "GIF", "WEBP", "animated PNG"])
def test_a_page_is_decoded_as_a_file_of_that_page_alone(name) -> None:
    (taken,) = page_files(FORMATS[name]((3, 7)), (2,), LIMITS)
    alone = decode(FORMATS[name]((7,)))
    assert isinstance(taken, bytes)
    assert isinstance(alone, Decoded)
    again = decode(taken)
    assert isinstance(again, Decoded)
    np.testing.assert_array_equal(again.pixels, alone.pixels)
    assert again.source == alone.source


def test_pages_come_in_the_order_asked_for() -> None:
    content = paged("GIF", (1, 2, 3, 4))
    whole = list(page_files(content, (1, 2, 3, 4), LIMITS))
    assert list(page_files(content, (4, 2), LIMITS)) == [whole[3], whole[1]]


def test_a_page_is_turned_upright() -> None:
    turned = saved(page(7).rotate(90, expand=True), "TIFF", save_all=True, append_images=[page(1)])
    assert isinstance(decode(turned), SeveralPages)
    frames = [page(7).transpose(Image.Transpose.ROTATE_90), page(1)]
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    upright = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:], exif=exif)
    first, as_stored = (next(page_files(each, (1,), LIMITS)) for each in (upright, content))
    np.testing.assert_array_equal(plane(first), np.rot90(plane(as_stored), -1))


def test_smaller_copies_and_masks_in_a_tiff_are_no_pages() -> None:
    content = tiff_chain((0, 1, 0, 4, 5))
    result = decode(content)
    assert isinstance(result, SeveralPages)
    assert result.pages == 2
    assert isinstance(decode(tiff_chain((0, 1, 4))), Decoded)


def test_a_map_of_how_bright_a_photo_is_is_no_page() -> None:
    assert isinstance(decode(paged("MPO", (5, 5))), SeveralPages)
    assert isinstance(decode(with_gain_map(5)), Decoded)


def test_a_circle_of_tiff_directories_ends() -> None:
    result = decode(tiff_chain((0, 0, 0), circle=True))
    assert isinstance(result, SeveralPages)
    assert result.pages == 3


def test_a_lost_page_is_a_rejection_and_the_others_are_not() -> None:
    content = tiff_chain((0, 0), lost=True)
    first, second, lost = page_files(content, (1, 2, 3), LIMITS)
    assert isinstance(first, bytes)
    assert first == second
    assert isinstance(lost, Rejection)
    assert lost.reason in {Reason.CORRUPT, Reason.TRUNCATED}


def test_a_damaged_page_costs_that_page() -> None:
    content = bytearray(FORMATS["fax TIFF"]((1, 2, 3)))
    image = Image.open(io.BytesIO(bytes(content)))
    image.seek(1)
    start, size = image.tag_v2[273][0], image.tag_v2[279][0]
    content[start : start + size] = b"\xff" * size
    first, _, third = page_files(bytes(content), (1, 2, 3), LIMITS)
    whole = list(page_files(FORMATS["fax TIFF"]((1, 2, 3)), (1, 2, 3), LIMITS))
    assert [first, third] == [whole[0], whole[2]]


def test_more_pages_than_the_limit_are_one_rejection_with_both_numbers() -> None:
    result = decode(paged("GIF", (1, 2, 3, 4)), Limits(max_pages=3))
    assert result == Rejection(Reason.TOO_LARGE, "The GIF has 4 pages; at most 3 are read.")
    assert isinstance(decode(paged("GIF", (1, 2, 3)), Limits(max_pages=3)), SeveralPages)


def test_ten_thousand_pages_are_one_rejection() -> None:
    frame = b"\x2c" + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    header = b"GIF89a" + struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    result = decode(header + 10_000 * frame + b"\x3b")
    assert result == Rejection(Reason.TOO_LARGE, "The GIF has 10000 pages; at most 2000 are read.")


def test_a_page_with_too_many_pixels_is_rejected() -> None:
    content = saved(page(1), "TIFF", save_all=True, append_images=[Image.new("1", (3_000, 3_000))])
    small, large = page_files(content, (1, 2), Limits(max_pixels=1_000_000))
    assert isinstance(small, bytes)
    assert isinstance(large, Rejection)
    assert large.reason is Reason.TOO_LARGE
    assert "3000x3000" in large.detail


def test_a_large_pdf_page_is_drawn_no_larger_than_needed() -> None:
    large = Image.new("L", (5_000, 3_000), "white")
    content = saved(large, "PDF", save_all=True, append_images=[page(1)], resolution=10)
    first = next(page_files(content, (1,), LIMITS))
    assert plane(first).shape == (1200, 1999)


def test_a_page_that_is_not_there_is_a_rejection() -> None:
    (result,) = page_files(paged("GIF", (1, 2)), (3,), LIMITS)
    assert result == Rejection(Reason.CORRUPT, "There is no page 3; there are 2.")


def test_no_bytes_are_any_page() -> None:
    results = list(page_files(b"no image", (1, 2), LIMITS))
    assert [result.reason for result in results] == [Reason.NOT_AN_IMAGE] * 2


SLOW = """
import signal, struct, sys
sys.stdout.buffer.write(b"R"); sys.stdout.buffer.flush()
sys.stdin.buffer.read(42)
sys.stdout.buffer.write(struct.pack(">II", 1, 1) + b"7"); sys.stdout.buffer.flush()
signal.pause()
"""
DYING = SLOW.replace("signal.pause()", "import os; os.abort()")
REQUEST = Request(paged("GIF", range(6)), Format.GIF, 1, LIMITS, (1, 2, 3, 4, 5, 6))


def test_a_file_whose_pages_are_too_slow_is_given_up_after_two_of_them() -> None:
    children = Sandbox([sys.executable, "-c", SLOW])
    answers = list(children.pages(REQUEST, seconds=1))
    children.close()
    details = [a.detail if isinstance(a, Rejection) else "a picture" for a in answers]
    assert details[:4] == ["a picture", "Decoding took longer than 1 s."] * 2
    assert set(details[4:]) == {
        "Two pages of the file took too long, so the others were not tried."
    }
    assert len(answers) == 6


def test_a_decoder_that_dies_goes_on_with_the_next_page() -> None:
    children = Sandbox([sys.executable, "-c", DYING])
    answers = list(children.pages(REQUEST))
    children.close()
    assert [a.shape for a in answers] == [(1, 1)] * 6


def test_pages_that_nobody_waits_for_leave_no_child_behind() -> None:
    before = len(sandbox()._idle)
    pages = page_files(paged("GIF", (1, 2, 3)), (1, 2, 3), LIMITS)
    next(pages)
    pages.close()
    assert len(sandbox()._idle) <= before
    assert len(list(page_files(paged("GIF", (1, 2, 3)), (1, 2, 3), LIMITS))) == 3
