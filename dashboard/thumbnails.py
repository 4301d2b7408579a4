"""Small pictures of what lies in the inbox, made within bounds from bytes nobody vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.images import Decoded, Limits, stages
from mnist.keys import ObjectVersion
from mnist.storage.inbox import Inbox

SIDE = 112
"""Longest side of a thumbnail, in pixels."""

LIMITS = Limits(max_bytes=8_000_000, max_pixels=25_000_000)
"""What one thumbnail may cost; a page makes many of them while somebody waits."""

_READERS = 8


class Rendering(StrEnum):
    """What to show of an image."""

    DROPPED = "image in grey"
    READ = "as the model sees it"


@dataclass(frozen=True)
class Thumbnail:
    """A small picture, or why there is none.

    Attributes:
        png: A PNG file, grey, at most 112 pixels a side; None if there is no picture.
        note: Why there is none, in a few words; empty if there is one.
    """

    png: bytes | None
    note: str = ""


def thumbnails(inbox: Inbox, versions: Sequence[ObjectVersion], view: Rendering) -> list[Thumbnail]:
    """Fetch and shrink exactly these object versions, in order.

    Raises:
        Unavailable: If the store does not answer.
    """

    def made(version: ObjectVersion) -> Thumbnail:
        if version.size > LIMITS.max_bytes:
            return Thumbnail(None, "too large to show here")
        try:
            content = inbox.fetch(version)
        except ObjectGone:
            return Thumbnail(None, "deleted since")
        except ObjectChanged:
            return Thumbnail(None, "overwritten since")
        except AccessDenied:
            return Thumbnail(None, "the store refuses it")
        return thumbnail(content, view)

    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(made, versions))


def thumbnail(content: bytes, view: Rendering) -> Thumbnail:
    """Shrink one image file. Safe on any bytes."""
    inspection = stages(content, LIMITS)
    if not inspection.stages:
        return Thumbnail(None, "no picture in it")
    if view is Rendering.DROPPED:
        return Thumbnail(_png(inspection.stages[0].picture))
    if isinstance(inspection.result, Decoded):
        return Thumbnail(_png(inspection.result.pixels))
    return Thumbnail(None, "the model never saw it")


def _png(picture: NDArray[np.uint8]) -> bytes:
    height, width = picture.shape
    scale = SIDE / max(height, width)
    small: Any = picture
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", small)[1])
