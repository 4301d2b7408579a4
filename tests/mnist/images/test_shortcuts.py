"""Shortcuts of the preprocessing give what the plain calculation gives, to the last bit."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mnist.images import Limits, decode, decode_native, stages
from mnist.images.closing import closed_by_disc
from mnist.images.components import pieces_of, select, tall_pieces
from mnist.images.grey import to_grey
from mnist.images.median import median
from mnist.images.native import as_native
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import levels_of
from mnist.images.segmentation import typical_strength
from mnist.images.strokes import redraw
from tests.pictures import seven

SEEDS = st.integers(0, 2**32 - 1)


@given(
    st.sampled_from([np.uint8, np.int64, np.float32, np.float64]).flatmap(
        lambda dtype: arrays(
            dtype,
            st.integers(1, 40),
            elements=st.integers(0, 200)
            if dtype in {np.uint8, np.int64}
            else st.floats(-9, 9, width=32),
        )
    )
)
@settings(deadline=None)
def test_the_median_is_numpys(values: NDArray[np.generic]) -> None:
    assert median(values) == float(np.median(values))


def test_no_numbers_have_no_median() -> None:
    assert np.isnan(median(np.empty(0)))


@given(SEEDS, st.integers(3, 60), st.integers(3, 60), st.integers(1, 22).map(lambda n: 2 * n + 1))
@settings(max_examples=60, deadline=None)
def test_closing_row_by_row_is_opencvs(seed: int, height: int, width: int, side: int) -> None:
    noise = np.random.default_rng(seed).normal(100, 40, (height, width)).astype(np.float32)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    expected = cv2.morphologyEx(noise, cv2.MORPH_CLOSE, disc)
    np.testing.assert_array_equal(closed_by_disc(noise, side), expected)


def _luminance_or_channel(pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
    """Apply the full rule of colour to a BGR picture."""
    step = max(1, min(pixels.shape[:2]) // 256)
    small = cv2.resize(pixels[::step, ::step], (64, 64), interpolation=cv2.INTER_AREA)
    luminance = cv2.cvtColor(small.astype(np.float32), cv2.COLOR_BGR2GRAY)
    channels = np.dstack((small.astype(np.float32), luminance))
    rest = channels - cv2.GaussianBlur(channels, (0, 0), 8)
    *detail, usual = (float(value) for value in cv2.meanStdDev(rest)[1].ravel())
    best = int(np.argmax(detail))
    if detail[best] > PARAMETERS.colour_gain * usual + 1:
        return pixels[:, :, best]
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)


@given(
    SEEDS,
    st.integers(8, 700),
    st.integers(8, 700),
    st.sampled_from(["grey", "one coloured pixel", "coloured", "yellow ink", "cyan ink"]),
)
@settings(max_examples=60, deadline=None)
def test_a_picture_without_colour_is_its_luminance(
    seed: int, height: int, width: int, kind: str
) -> None:
    random = np.random.default_rng(seed)
    grey = random.integers(0, 256, (height, width), np.uint8)
    pixels = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    if kind == "one coloured pixel":
        pixels[height // 2, width // 2] = (255, 0, 0)
    elif kind == "coloured":
        pixels = random.integers(0, 256, (height, width, 3), np.uint8)
    elif kind == "yellow ink":
        pixels[..., 1:] = 255
    elif kind == "cyan ink":
        pixels[..., :2] = 255
    expected = _luminance_or_channel(pixels)
    opaque = np.dstack([pixels, np.full_like(grey, 255)])
    np.testing.assert_array_equal(to_grey(pixels), expected)
    np.testing.assert_array_equal(to_grey(opaque), expected)


@given(seed=SEEDS, blur=st.floats(0, 4), is_symmetrical=st.booleans())
@settings(max_examples=60, deadline=None)
def test_light_ink_under_a_shadow_is_found_by_the_third_moment(
    seed: int, blur: float, *, is_symmetrical: bool
) -> None:
    """Also where the moments of both sides cancel, but for roundings."""
    noise = np.random.default_rng(seed).random((96, 120)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), blur) if blur > 0.1 else noise
    if is_symmetrical:
        noise = np.hstack((noise, 1 - noise[:, ::-1]))
    plane = np.asarray(cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX), np.uint8)
    levels = levels_of(plane)
    small = plane.astype(np.float32)
    wide = cv2.GaussianBlur(small, (0, 0), max(small.shape) / 8)
    detail = cv2.GaussianBlur(small, (0, 0), 0.6) - wide
    if not levels.even:
        assert levels.light_on_dark == (float((detail**3).mean()) > 0)


def _drawn_plainly(ink: NDArray[np.float32], share: float) -> NDArray[np.uint8]:
    """Redraw a digit with much room, and all distances, inside and outside."""
    scale = 160 / max(ink.shape)
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    large = np.pad(cv2.resize(ink, size, interpolation=method), 40)
    mask = (large > min(share, 0.9 * float(large.max()))).astype(np.uint8)

    def distance(of: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(cv2.distanceTransform(of, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)

    sigma = min(2.4, 4 * cv2.mean(distance(mask), mask)[0] / 6)
    smooth = (cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma) > 0.5).astype(np.uint8)
    mask = smooth if smooth.any() else mask
    inside = distance(mask)
    width = 4 * float(cv2.mean(inside, mask)[0]) / 8
    target = min(max(width, 2.3), 3.4)
    signed = inside - distance(1 - mask)
    moved = signed + max((target - width) / 2 * 8, 0.5 - float(signed.max()))
    return (np.clip(moved + 0.5, 0, 1) * 255).astype(np.uint8)


def _cropped(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(picture)
    return picture[top : top + height, left : left + width]


@given(SEEDS, st.integers(5, 400), st.integers(5, 400), st.integers(1, 30))
@settings(max_examples=80, deadline=None)
def test_strokes_are_redrawn_as_if_all_distances_were_measured(
    seed: int, height: int, width: int, pen: int
) -> None:
    random = np.random.default_rng(seed)
    canvas = np.zeros((height, width), np.uint8)
    for _ in range(3):
        start, end = random.integers(0, (width, height), (2, 2)).tolist()
        cv2.line(canvas, start, end, int(random.integers(60, 256)), min(pen, height, width))
    ink = np.asarray(_cropped(cv2.GaussianBlur(canvas, (0, 0), 0.7)) / 255, np.float32)
    drawn = redraw(ink, 0.3).picture
    np.testing.assert_array_equal(_cropped(drawn), _cropped(_drawn_plainly(ink, 0.3)))


@given(SEEDS, st.integers(4, 60), st.integers(4, 60), st.floats(0.02, 0.5))
@settings(max_examples=80, deadline=None)
def test_pieces_are_looked_at_in_their_boxes_alone(
    seed: int, height: int, width: int, share: float
) -> None:
    random = np.random.default_rng(seed)
    mask = (cv2.blur(random.random((height, width)), (3, 3)) < share).astype(np.uint8)
    mask[height // 2, width // 2] = 1
    labels, stats = pieces = pieces_of(mask)
    margin = max(1, round(PARAMETERS.frame_margin * min(mask.shape)))
    inner = labels[margin:-margin, margin:-margin]
    inside = np.bincount(inner.ravel(), minlength=len(stats) + 1)[1:]
    off_frame = 1 - inside / stats[:, cv2.CC_STAT_AREA] < PARAMETERS.rival_near_frame
    tall = stats[:, cv2.CC_STAT_HEIGHT] >= PARAMETERS.rival_height * 10
    assert tall_pieces(mask, 10) == np.count_nonzero(tall & off_frame)
    _, numbered, table, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    np.testing.assert_array_equal(labels, numbered)
    np.testing.assert_array_equal(stats, table[1:])
    chosen = select(pieces, random.random(mask.shape).astype(np.float32))
    whole = np.isin(labels, np.unique(labels[chosen.mask > 0]))
    np.testing.assert_array_equal(chosen.mask > 0, whole)


@pytest.mark.parametrize("side", [508, 520])
def test_the_most_pieces_that_fit_are_numbered(side: int) -> None:
    """Just below and above what 16 bits number."""
    mask: NDArray[np.uint8] = np.zeros((side, side), np.uint8)
    mask[::2, ::2] = 1
    labels, stats = pieces_of(mask)
    assert labels.max() == len(stats) == mask.sum() == (side // 2) ** 2


@given(SEEDS, st.sampled_from([0, 5]))
@settings(max_examples=60, deadline=None)
def test_a_single_piece_is_taken_whole(seed: int, margin: int) -> None:
    random = np.random.default_rng(seed)
    mask: NDArray[np.uint8] = np.zeros((50, 40), np.uint8)
    corners = random.integers(margin, 35, (1, 6, 2)).astype(np.int32)
    cv2.polylines(mask, [*corners], isClosed=False, color=1, thickness=3)
    chosen = select(pieces_of(mask), random.random(mask.shape).astype(np.float32))
    np.testing.assert_array_equal(chosen.mask, mask)
    assert chosen.mask.dtype == np.uint8
    assert chosen[1:] == (cv2.boundingRect(mask), 0, 0)


@given(SEEDS, st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_typical_strength_is_the_mean_of_the_stronger_class(seed: int, count: int) -> None:
    above = np.random.default_rng(seed).uniform(0.04, 1.4, count).astype(np.float32)
    values = np.clip(above * 255, 0, 255).astype(np.uint8)
    cut, _ = cv2.threshold(values, 0, 255, cv2.THRESH_OTSU)
    strong = values[values > cut]
    assert typical_strength(above) == float((strong if strong.size else values).mean()) / 255


@pytest.mark.parametrize("side", [18, 19, 20, 21])
@pytest.mark.parametrize("left", [3, 4, 5])
@pytest.mark.parametrize("is_dark", [False, True])
def test_an_image_alone_is_judged_as_among_others(side: int, left: int, *, is_dark: bool) -> None:
    plane: NDArray[np.uint8] = np.zeros((28, 28), np.uint8)
    cv2.ellipse(plane, (left + side // 2, 14), (side // 2 - 1, 6), 0, 0, 360, 255, 3)
    plane[:, left + side :] = plane[:, :left] = 0
    plane = 255 - plane if is_dark else plane
    content = cv2.imencode(".png", plane)[1].tobytes()
    (together,) = decode_native([content], Limits())
    alone = as_native(plane)
    assert (alone is None) == (together is None)
    if alone is not None and together is not None:
        np.testing.assert_array_equal(alone, together.pixels)


@pytest.mark.parametrize("name", ["ink without ground", "mask", "pieces of the digit", "crop"])
def test_a_stage_shows_full_ink_white(name: str) -> None:
    content = cv2.imencode(".png", seven())[1].tobytes()
    (picture,) = (stage.picture for stage in stages(content).stages if stage.name == name)
    assert picture.dtype == np.uint8
    assert picture.max() >= 250
    assert picture.min() == 0


def test_too_little_contrast_is_told_in_whole_grey_levels() -> None:
    plane = np.full((40, 40), 100, np.uint8)
    plane[10:20] = 107
    result = decode(cv2.imencode(".png", plane)[1].tobytes())
    assert getattr(result, "detail", "") == "The image spans 7 grey levels; ink needs 12."
