"""What paper, light, pens and cameras do to a digit, and how it comes out all the same."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist.digits import Image, ImageWarning
from mnist.images import Decoded, Rejection, decode, stages
from mnist.images.polarity import levels_of
from tests.pictures import on_transparent, oriented, saved, seven

Picture = NDArray[np.uint8]


def _result(plane: NDArray[np.generic], suffix: str = ".png") -> Decoded:
    encoded = cv2.imencode(suffix, np.clip(plane, 0, 255).astype(np.uint8))[1].tobytes()
    result = decode(encoded)
    assert isinstance(result, Decoded), result
    return result


def _likeness(one: Image, other: Image) -> float:
    """Best correlation over shifts of at most one pixel: 1 for the same picture."""
    shifts = [np.roll(one, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return max(float(np.corrcoef(shifted.ravel(), other.ravel())[0, 1]) for shifted in shifts)


REFERENCE = _result(seven()).pixels


def _sloping(height: int, width: int) -> NDArray[np.float64]:
    """Light that falls off to a third from one corner to the other."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.asarray(1 - 0.67 * (0.7 * x + 0.3 * y))


def test_the_result_is_placed_like_mnist() -> None:
    _, _, width, height = cv2.boundingRect((REFERENCE > 127).astype(np.uint8))
    assert 19 <= max(width, height) <= 20
    for axis in (0, 1):
        mass = REFERENCE.sum(axis=axis).astype(float)
        assert abs(float(np.average(np.arange(28), weights=mass)) - 14) <= 0.5
    assert REFERENCE.max() == 255


@given(st.integers(0, 100), st.integers(140, 255))
@settings(max_examples=30, deadline=None)
def test_polarity_does_not_matter(dark: int, light: int) -> None:
    ink_dark = _result(seven(ink=dark, ground=light)).pixels
    ink_light = _result(seven(ink=light, ground=dark)).pixels
    assert _likeness(ink_dark, REFERENCE) > 0.97
    assert _likeness(ink_light, REFERENCE) > 0.97


@pytest.mark.parametrize("scale", [0.25, 0.5, 2, 5, 9])
def test_size_does_not_matter(scale: float) -> None:
    plane = cv2.resize(seven(480, 600), None, fx=scale / 3, fy=scale / 3, interpolation=3)
    assert _likeness(_result(plane).pixels, REFERENCE) > 0.93


@given(st.integers(0, 150), st.integers(0, 150), st.integers(0, 150), st.integers(0, 150))
@settings(max_examples=30, deadline=None)
def test_margins_do_not_matter(top: int, bottom: int, left: int, right: int) -> None:
    plane = np.pad(seven(), ((top, bottom), (left, right)), constant_values=255)
    assert _likeness(_result(plane).pixels, REFERENCE) > 0.97


@pytest.mark.parametrize("height", [40, 70])
def test_a_small_digit_is_drawn_from_all_the_pixels_of_a_large_picture(height: int) -> None:
    digit = cv2.resize(seven(170, 200), None, fx=height / 106, fy=height / 106)
    plane = np.full((1_900, 1_400), 255, np.uint8)
    plane[900 : 900 + digit.shape[0], 700 : 700 + digit.shape[1]] = digit
    assert _likeness(_result(plane).pixels, _result(digit).pixels) > 0.95


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_held_any_way_gives_the_same(orientation: int) -> None:
    upright = decode(saved(oriented(1), "PNG"))
    turned = decode(saved(oriented(orientation), "PNG", exif=_exif(orientation)))
    assert isinstance(upright, Decoded)
    assert isinstance(turned, Decoded)
    np.testing.assert_array_equal(upright.pixels, turned.pixels)


def _exif(orientation: int) -> bytes:
    from PIL import Image as PillowImage

    block = PillowImage.Exif()
    block[0x0112] = orientation
    return block.tobytes()


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_ink_on_nothing_is_found_in_any_colour(grey: int) -> None:
    result = decode(saved(on_transparent(grey), "PNG"))
    assert isinstance(result, Decoded)
    assert _likeness(result.pixels, REFERENCE) > 0.97


def test_a_card_with_round_corners_is_a_card() -> None:
    alpha = np.zeros((160, 200), np.uint8)
    cv2.rectangle(alpha, (8, 8), (191, 151), 255, -1)
    picture = np.dstack([*[seven()] * 3, alpha])
    assert _likeness(_result(picture).pixels, REFERENCE) > 0.97


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ((0, 235, 255), (255, 255, 255)),
        ((0, 0, 200), (0, 102, 0)),
        ((200, 120, 40), (250, 250, 250)),
    ],
    ids=["yellow on white", "red on green", "light blue on white"],
)
def test_coloured_ink_is_seen(ink: tuple[int, ...], ground: tuple[int, ...]) -> None:
    share = (255 - seven())[:, :, None] / 255
    assert _likeness(_result(share * ink + (1 - share) * ground).pixels, REFERENCE) > 0.95


def test_uneven_light_is_taken_away() -> None:
    lit = seven(ink=60, ground=230) * _sloping(160, 200)
    assert _likeness(_result(lit).pixels, REFERENCE) > 0.95


def test_a_lamp_over_the_middle_leaves_a_dark_frame_and_dark_ink() -> None:
    y, x = np.mgrid[-1:1:160j, -1:1:200j]
    lit = seven(ink=60, ground=240) * np.exp(-(x**2 + y**2))
    assert _likeness(_result(lit).pixels, REFERENCE) > 0.93


def test_a_shadow_across_the_sheet_is_not_ink() -> None:
    lit = seven(480, 600, ink=60, ground=230).astype(float)
    lit[:, 350:] *= 0.55
    lit = cv2.GaussianBlur(lit, (0, 0), 4)
    assert _likeness(_result(lit, ".jpg").pixels, REFERENCE) > 0.88


def test_chalk_on_an_unevenly_lit_board() -> None:
    board = (40 + (255 - seven()) / 255 * 180) * _sloping(160, 200)
    assert _likeness(_result(board).pixels, REFERENCE) > 0.93


@pytest.mark.parametrize("paper", ["ruled", "squared"])
def test_printed_lines_are_taken_away(paper: str) -> None:
    sheet = np.full((480, 600), 255, np.uint8)
    sheet[20::70] = sheet[21::70] = 90
    if paper == "squared":
        sheet[:, 15::70] = sheet[:, 16::70] = 90
    picture = np.minimum(seven(480, 600), sheet)
    assert _likeness(_result(picture).pixels, REFERENCE) > 0.9


def test_dark_edges_of_a_scan_are_cut_away() -> None:
    for edges in ((9, 0, 0, 0), (0, 12, 0, 7), (6, 6, 10, 10)):
        top, bottom, left, right = edges
        plane = np.pad(seven(), ((top, bottom), (left, right)), constant_values=20)
        assert _likeness(_result(plane).pixels, REFERENCE) > 0.97


def test_a_sheet_on_a_darker_desk_is_found() -> None:
    desk = np.full((300, 380), 90.0) + np.random.default_rng(5).normal(0, 6, (300, 380))
    desk[70:230, 90:290] = seven()
    turn = cv2.getRotationMatrix2D((190, 150), 4, 1)
    desk = cv2.warpAffine(desk, turn, (380, 300), borderMode=cv2.BORDER_REFLECT)
    assert _likeness(_result(desk, ".jpg").pixels, REFERENCE) > 0.85


@pytest.mark.parametrize("margin", [0, 15])
def test_a_printed_box_is_not_part_of_the_digit(margin: int) -> None:
    plane = seven()
    cv2.rectangle(plane, (margin, margin), (199 - margin, 159 - margin), 60, 3)
    assert _likeness(_result(plane).pixels, REFERENCE) > 0.97


@pytest.mark.parametrize("ink", [0, 255])
def test_a_round_zero_is_no_sheet(ink: int) -> None:
    plane = np.full((200, 200), 255 - ink, np.uint8)
    cv2.ellipse(plane, (100, 100), (45, 60), 0, 0, 360, ink, 40)
    pixels = _result(plane).pixels
    assert pixels[14, 14] < 64
    assert pixels.max() == 255


def test_specks_and_a_neighbours_end_are_left_out() -> None:
    plane = seven()
    plane[10:12, 20:22] = plane[140:142, 170:172] = plane[80:82, 15:17] = 0
    plane[40:100, :4] = 0
    assert _likeness(_result(plane).pixels, REFERENCE) > 0.97


def test_grain_is_not_ink() -> None:
    grain = np.random.default_rng(3).normal(0, 12, (160, 200))
    lit = seven(ink=70, ground=200) * _sloping(160, 200) + grain
    assert _likeness(_result(lit).pixels, REFERENCE) > 0.9


@pytest.mark.parametrize("thickness", [2, 4, 10, 40, 60])
def test_pens_of_any_width_come_out_alike(thickness: int) -> None:
    plane = np.full((480, 600), 255, np.uint8)
    corners = [np.array([[180, 96], [372, 96], [252, 394]])]
    cv2.polylines(plane, corners, isClosed=False, color=0, thickness=thickness)
    drawn = _result(plane).pixels
    covered = float((drawn > 127).sum())
    assert 60 < covered < 130
    assert _likeness(drawn, REFERENCE) > 0.8


def test_a_detached_bar_belongs_to_its_five() -> None:
    plane = np.full((200, 200), 255, np.uint8)
    belly = [np.array([[80, 60], [75, 100], [120, 120], [80, 160]])]
    cv2.polylines(plane, belly, isClosed=False, color=0, thickness=8)
    alone = _result(plane).pixels
    cv2.line(plane, (88, 50), (130, 46), 0, 8)
    whole = _result(plane)
    assert _likeness(whole.pixels, alone) < 0.9
    assert whole.warnings == ()


def test_no_ink_is_blank() -> None:
    grain = np.random.default_rng(3).normal(0, 5, (160, 200))
    for plane in (np.full((160, 200), 240.0), 230 * _sloping(160, 200), 200 + grain):
        encoded = cv2.imencode(".png", plane.astype(np.uint8))[1].tobytes()
        result = decode(encoded)
        assert isinstance(result, Rejection)
        assert result.reason == "blank"


def test_what_is_not_one_digit_asks_for_a_look() -> None:
    with_bar = np.hstack([seven(), np.full((160, 60), 255, np.uint8)])
    cv2.line(with_bar, (215, 30), (215, 130), 0, 10)
    cut = seven()[:, 80:]
    faint = seven(ink=225)
    blob = np.full((200, 200), 255, np.uint8)
    cv2.circle(blob, (100, 100), 60, 0, -1)
    dash = np.full((200, 300), 255, np.uint8)
    cv2.line(dash, (30, 100), (270, 104), 0, 12)
    lattice = np.full((200, 200), 255, np.uint8)
    for at in (40, 80, 120, 160):
        cv2.line(lattice, (at, 40), (at, 160), 0, 8)
        cv2.line(lattice, (40, at), (160, at), 0, 8)
    sprinkled = seven(480, 600)
    for down in range(3):
        for right in range(3):
            sprinkled[5 + down :: 40, 5 + right :: 40] = 0
    expected = {
        ImageWarning.SEVERAL_COMPONENTS: [with_bar],
        ImageWarning.CUT_OFF: [cut],
        ImageWarning.LOW_CONTRAST: [faint],
        ImageWarning.UNLIKE_A_DIGIT: [blob, dash, lattice],
        ImageWarning.NOISY: [sprinkled],
    }
    for warning, planes in expected.items():
        for plane in planes:
            assert warning in _result(plane).warnings, warning
    assert _result(seven()).warnings == ()


def test_stages_are_what_decode_does() -> None:
    content = cv2.imencode(".png", seven())[1].tobytes()
    inspection = stages(content)
    assert isinstance(inspection.result, Decoded)
    np.testing.assert_array_equal(inspection.result.pixels, REFERENCE)
    names = [stage.name for stage in inspection.stages]
    assert names[0] == "grey"
    assert names[-1] == "result"
    assert len(set(names)) == len(names) >= 6
    for stage in inspection.stages:
        assert stage.picture.dtype == np.uint8
        assert stage.picture.ndim == 2


def test_stages_show_how_far_a_rejected_image_came() -> None:
    blank = cv2.imencode(".png", np.full((90, 90), 255, np.uint8))[1].tobytes()
    inspection = stages(blank)
    assert isinstance(inspection.result, Rejection)
    assert [stage.name for stage in inspection.stages] == ["grey"]
    assert stages(b"").stages == ()


def _shadow(height: int, width: int, place: str) -> NDArray[np.float64]:
    """Light of which about half is gone in one place, with an edge as shadows have it."""
    y, x = np.mgrid[0:height, 0:width]
    inside = {
        "border": 0.2 * height - y,
        "corner": 0.6 * height - np.hypot(x, y),
        "half": 0.5 * width + 0.2 * (y - height / 2) - x,
    }[place]
    return np.asarray(1 - 0.55 / (1 + np.exp(-inside / 4)))


@pytest.mark.parametrize("place", ["border", "corner", "half"])
@pytest.mark.parametrize("ink", [20, 60])
def test_shadows_are_no_ink(place: str, ink: int) -> None:
    plane = seven(300, 360, ink=ink, ground=235) * _shadow(300, 360, place)
    assert _likeness(_result(plane, ".jpg").pixels, REFERENCE) > 0.9


def test_wide_strokes_that_the_frame_cuts_are_no_shadows() -> None:
    tight = cv2.dilate(255 - seven(120, 150), np.ones((15, 15), np.uint8))
    left, top, width, height = cv2.boundingRect(tight)
    crop = 255 - tight[top : top + height, left : left + width]
    padded = np.pad(crop, 30, constant_values=255)
    assert _likeness(_result(crop).pixels, _result(padded).pixels) > 0.9


@pytest.mark.parametrize("open_side", range(4))
def test_printed_lines_along_the_frame_do_not_turn_ink_and_paper_around(open_side: int) -> None:
    plane = seven(300, 360, ink=40, ground=235)
    for side, line in enumerate((np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1])):
        plane[line] = 235 if side == open_side else 60
    assert not levels_of(plane).light_on_dark
    assert levels_of(255 - plane).light_on_dark
