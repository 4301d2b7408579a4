"""From a grey plane to (28, 28), by the `standard` or the `enhanced` pipeline."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.digits import Reason
from mnist.images.components import pieces_of, select
from mnist.images.detail import crop_of
from mnist.images.ground import ground_of, ink_over, smoothed
from mnist.images.image_warnings import warnings_of
from mnist.images.native import as_native, native_warnings
from mnist.images.parameters import PARAMETERS
from mnist.images.polarity import levels_of
from mnist.images.results import Decoded, Pipeline, Plane, Rejection, Source
from mnist.images.segmentation import segment
from mnist.images.several import row_of
from mnist.images.sheet import on_its_sheet
from mnist.images.strokes import place, redraw

Trace = Callable[[str, NDArray[Any]], None]
"""Called with the name of every stage and its picture, shape (h, w): grey levels (uint8), strength
of ink (float32) or a mask (bool)."""


def run(plane: Plane, pipeline: Pipeline | None, trace: Trace) -> Decoded | Rejection:
    """Make the digit with the pipeline asked for, or with the one that suits the picture.

    Args:
        plane: Shape (h, w), upright, ink of either polarity.
        pipeline: None picks `standard` for images in MNIST's format and `enhanced` for others.
        trace: Called after every stage.
    """
    source = Source.of(plane)  # the picture as it came, before anything is cut away
    native = None if pipeline is Pipeline.ENHANCED else as_native(plane)
    if native is not None:
        return Decoded(native, native_warnings(native), Pipeline.STANDARD, source)
    if source.contrast < PARAMETERS.least_contrast:
        return Rejection(
            Reason.BLANK,
            f"The image spans {source.contrast:.0f} grey levels; "
            f"ink needs {PARAMETERS.least_contrast}.",
        )
    result = (_standard if pipeline is Pipeline.STANDARD else _enhanced)(plane, source, trace)
    if isinstance(result, Decoded) and not result.pixels.any():
        return Rejection(Reason.BLANK, "The ink is too sparse to be seen at 28x28 pixels.")
    return result


def _standard(plane: Plane, source: Source, trace: Trace) -> Decoded | Rejection:
    """Threshold, crop, scale and centre, and nothing else: how MNIST itself was made."""
    levels = levels_of(plane)
    ink = plane if levels.light_on_dark else np.asarray(cv2.bitwise_not(plane), np.uint8)
    trace("light on dark", ink)
    _, mask = cv2.threshold(ink, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    trace("mask", mask.astype(bool))
    left, top, width, height = cv2.boundingRect(mask)
    ground = float(np.median(ink[mask == 0]))
    crop = ink[top : top + height, left : left + width].astype(np.float32) - ground
    # MNIST uses the full range: the ground is 0 and the strongest ink 255.
    crop = np.clip(crop * (255 / (float(ink.max()) - ground)), 0, 255).astype(np.uint8)
    trace("crop", crop)
    return Decoded(place(crop), (), Pipeline.STANDARD, source)


def _enhanced(plane: Plane, source: Source, trace: Trace) -> Decoded | Rejection:
    """Take away the sheet and everything on it that is not the digit, then redraw the digit."""
    sheet = on_its_sheet(plane)
    trace("sheet", sheet.plane)
    levels = levels_of(sheet.plane)
    ground = ground_of(sheet.plane, levels)
    ink = ink_over(ground, sheet.plane, light_on_dark=levels.light_on_dark)
    ink = smoothed(ink, max(sheet.plane.shape))
    trace("ink without ground", ink)
    segmented = segment(ink, even=levels.even)
    if segmented is None:
        return Rejection(Reason.BLANK, "Nothing in the image stands out of its noise.")
    trace("mask", segmented.mask.astype(bool))
    pieces = pieces_of(segmented.mask)
    row = row_of(pieces, ink)
    if row.digits > 1:
        return Rejection(Reason.SEVERAL_DIGITS, row.sentence)
    chosen = select(pieces, ink)
    trace("pieces of the digit", chosen.mask.astype(bool))
    _, _, width, height = chosen.box
    least = max(PARAMETERS.least_piece, PARAMETERS.least_piece_share * max(sheet.plane.shape))
    if max(width, height) < least:
        return Rejection(
            Reason.BLANK, f"The largest piece of ink is {width}x{height} pixels, no more than dust."
        )
    # The edge of a stroke is where the mask was cut, in shares of the same typical ink.
    edge = PARAMETERS.ink_share_even if levels.even else PARAMETERS.ink_share
    crop = crop_of(chosen, ink, segmented.level, sheet, ground, levels, edge)
    trace("crop", crop)
    drawing = redraw(crop, edge)
    trace("stroke width", drawing.picture)
    left, top, width, height = cv2.boundingRect(drawing.picture)
    digit = place(drawing.picture[top : top + height, left : left + width])
    warnings = warnings_of(ink, segmented, chosen, drawing, sheets_beside=sheet.others)
    return Decoded(digit, warnings, Pipeline.ENHANCED, source)
