"""USPS: 7,291 digits from American envelopes, 16x16, grey; the training split.

`zip.train` of *The Elements of Statistical Learning* has a digit a line: the digit, then 256 values
row by row, -1 for the ground and 1 for full ink.
"""

from pathlib import Path

import cv2
import numpy as np

from mnist.data.hands.hands import Hands, parse_numbers, read_list, sha256_of
from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, SIDE, Image
from mnist.errors import InvalidDataset
from mnist.images.strokes import place

NAME = "usps"

_SIDE = 16
_GROUND = 25
"""Grey levels up to this are the smear around a digit, not its size."""


def load_usps(path: Path) -> Hands:
    """Load the training split of USPS, a digit once.

    Args:
        path: `zip.train`, packed by gzip or not.

    Raises:
        InvalidDataset: If the file is not what it claims to be.
    """
    content = read_list(path)
    table = parse_numbers(content, 1 + _SIDE * _SIDE, str(path))
    wrong = ~np.isin(table[:, 0], np.arange(CLASSES)) | (np.abs(table[:, 1:]) > 1).any(axis=1)
    if wrong.any():
        raise InvalidDataset(
            f"{path}, line {int(wrong.argmax()) + 1} is no digit of USPS; expected the digit, then "
            "256 values from -1 to 1."
        )
    grey = ((table[:, 1:] + 1) * 127.5).round().astype(np.uint8).reshape(-1, _SIDE, _SIDE)
    usable = np.flatnonzero((grey > _GROUND).any(axis=(1, 2)))
    return Hands(
        NAME,
        LabelledImages(
            np.array([_placed(grey[row]) for row in usable], np.uint8).reshape(-1, SIDE, SIDE),
            table[usable, 0].astype(np.int64),
        ),
        originals=usable.astype(np.int64),
        writers=np.full(len(usable), ""),
        sha256=sha256_of(content),
        left_out=len(grey) - len(usable),
    )


def _placed(grey: Image) -> Image:
    left, top, width, height = cv2.boundingRect((grey > _GROUND).astype(np.uint8))
    return place(grey[top : top + height, left : left + width])
