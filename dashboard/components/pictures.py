"""Pictures as small PNG files: arrays of pixels, and what lies in the inbox.

Bytes from the inbox are bytes that nobody vouches for: they are decoded within bounds.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist.digits import Image, Images
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.images import Decoded, Inspection, Limits, stages
from mnist.images.results import Plane
from mnist.keys import ObjectVersion
from mnist.layouts import Layout, PageBox, expected_boxes
from mnist.places import layout_place
from mnist.storage.inbox import Inbox

SIDE = 112
"""Longest side of a thumbnail, in pixels."""

LIMITS = Limits(max_bytes=8_000_000, max_pixels=25_000_000)
"""What one thumbnail may cost; a page makes many of them while somebody waits."""

_THREADS = 8
_PAGE_SIDE = 700
_FOR, _AGAINST = np.array([255, 140, 0]), np.array([60, 130, 255])


class Rendering(StrEnum):
    """What to show of an image."""

    ORIGINAL = "image in grey"
    MODEL = "as the model sees it"


@dataclass(frozen=True)
class Thumbnail:
    """A small picture, or why there is none.

    Attributes:
        png: A PNG file, grey, at most 112 pixels a side; None if there is no picture.
        note: Why there is none, in a few words; empty if there is one.
        is_gone: Whether there is none because the object version is no longer in the inbox.
    """

    png: bytes | None
    note: str = ""
    is_gone: bool = False


def thumbnails(
    inbox: Inbox, versions: Sequence[ObjectVersion], rendering: Rendering
) -> list[Thumbnail]:
    """Fetch and shrink exactly these object versions, in order."""

    def fetched(version: ObjectVersion) -> Thumbnail:
        if version.size > LIMITS.max_bytes:
            return Thumbnail(None, "too large to show here")
        try:
            if layout_place(version) is not None:
                return _of_inspection(inbox.cut_out(version).inspection, rendering)
            content = inbox.fetch(version)
        except ObjectGone:
            return Thumbnail(None, "deleted since", is_gone=True)
        except ObjectChanged:
            return Thumbnail(None, "overwritten since", is_gone=True)
        except AccessDenied:
            return Thumbnail(None, "the store refuses it")
        return thumbnail(content, rendering)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(fetched, versions))


def thumbnail(content: bytes, rendering: Rendering) -> Thumbnail:
    """Shrink one image file. Safe on any bytes."""
    return _of_inspection(stages(content, LIMITS), rendering)


def _of_inspection(inspection: Inspection, rendering: Rendering) -> Thumbnail:
    if not inspection.stages:
        return Thumbnail(None, "no picture in it")
    if rendering is Rendering.ORIGINAL:
        picture = inspection.stages[0].picture
        return Thumbnail(png(scaled(picture, SIDE) if max(picture.shape) > SIDE else picture))
    if isinstance(inspection.result, Decoded):
        return Thumbnail(png(inspection.result.pixels))
    return Thumbnail(None, "the model never saw it")


def thumbnails_of(images: Images) -> list[Thumbnail]:
    """Encode images, shape (n, 28, 28), as a model sees them."""
    return [Thumbnail(png(image)) for image in images]


def png(picture: Any) -> bytes:
    """Encode a picture, uint8: grey of shape (h, w), or RGB of shape (h, w, 3)."""
    return bytes(cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)[1])


def magnified(content: bytes, side: int) -> Any:
    """Decode one of our own PNG files and scale it so that its longer side has so many pixels."""
    return scaled(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED), side)


def scaled(picture: Any, side: int) -> Any:
    """Scale a picture so that its longer side has so many pixels; small ones keep their squares."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_NEAREST if factor > 1 else cv2.INTER_AREA
    return cv2.resize(picture, size, interpolation=method)


def with_boxes(picture: Plane, boxes: Sequence[PageBox]) -> NDArray[Any]:
    """Scale a grey picture down and frame boxes of it.

    Returns:
        RGB, shape (h, w, 3), uint8, no side above 700 pixels.
    """
    side = min(_PAGE_SIDE, max(picture.shape))
    small = np.asarray(cv2.cvtColor(scaled(picture, side), cv2.COLOR_GRAY2RGB), np.uint8)
    factor = side / max(picture.shape)
    for box in boxes:
        left, top, right, bottom = (round(edge * factor) for edge in box)
        cv2.rectangle(small, (left, top), (right, bottom), _FOR.tolist(), 2)
    return small


def show_expected(picture: Plane, layout: Layout) -> None:
    """Draw where the places of a layout would lie on a picture that it does not fit."""
    boxes = expected_boxes(picture, layout)
    alt = f"The picture, {len(boxes)} frames where places of the layout would lie"
    st.image(with_boxes(picture, boxes), alt=alt)
    st.caption(
        "The layout does not fit. The frames show where its places would lie."
        if boxes
        else "The layout does not fit, and nothing like it is on the picture."
    )


def overlay(image: Image, heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay a heat map over an image: orange where it is positive, blue where it is negative.

    Args:
        image: Shape (28, 28), uint8.
        heat: Shape (28, 28); its largest absolute value gets the full colour.

    Returns:
        Shape (28, 28, 3), RGB.
    """
    strength = np.abs(heat) / max(float(np.abs(heat).max()), 1e-6)
    colour = np.where(heat[..., None] >= 0, _FOR, _AGAINST)
    grey = np.repeat(image[..., None].astype(np.float32), 3, axis=2)
    opacity = 0.75 * strength[..., None]
    return np.asarray((1 - opacity) * grey + opacity * colour, np.uint8)
