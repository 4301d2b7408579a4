"""Pictures whose decoded pixels are on record: `python -m tests.golden.preprocessing` records.

Whoever changes what `mnist.images` makes of a picture raises `PREPROCESSING_VERSION` and records
anew; rows scored before then keep the digest of the version that made them.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist.images import PREPROCESSING_VERSION, Decoded, decode
from tests.pictures import jpeg, on_transparent, png, saved, seven


def recorded_at(version: int = PREPROCESSING_VERSION) -> Path:
    """Name the file of one version: all results side by side, (28, 28 n)."""
    return Path(__file__).with_name(f"preprocessing-v{version}.png")


def results() -> NDArray[np.uint8]:
    """Decode the pictures, side by side."""
    return np.hstack([_pixels(content) for content in _contents()])


def _contents() -> list[bytes]:
    light = np.linspace(0.35, 1, 600)[None]
    ruled = np.minimum(seven(480, 600), 255)
    ruled[30::80] = ruled[31::80] = 110
    planes = [
        seven(ink=255, ground=0),
        (seven(480, 600, ink=60, ground=230) * light).astype(np.uint8),
        ruled,
        (seven(480, 600, ink=40, ground=230) * _shadow(480, 600)).astype(np.uint8),
        cv2.resize(seven(), (40, 32), interpolation=cv2.INTER_AREA),
        cv2.dilate(seven(), np.ones((7, 7), np.uint8)),
        cv2.erode(seven(), np.ones((25, 25), np.uint8)),
    ]
    encoded = [cv2.imencode(".png", plane)[1].tobytes() for plane in planes]
    return [png(), jpeg(), saved(on_transparent(255), "PNG"), *encoded]


def _shadow(height: int, width: int) -> NDArray[np.float64]:
    """Light of which a corner has lost half."""
    y, x = np.mgrid[0:height, 0:width]
    return np.asarray(1 - 0.5 / (1 + np.exp((np.hypot(x, y) - 0.5 * height) / 12)))


def _pixels(content: bytes) -> NDArray[np.uint8]:
    result = decode(content)
    if not isinstance(result, Decoded):
        raise TypeError(f"A golden picture was rejected: {result}.")
    return result.pixels


if __name__ == "__main__":
    cv2.imwrite(str(recorded_at()), results())
