"""Labelled images of one's own: they measure what MNIST's accuracy does not promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import structlog

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES
from mnist.errors import InvalidDataset
from mnist.images import Decoded, Limits, decode

_log = structlog.get_logger(__name__)


def load_real_world(folder: Path | None, limits: Limits) -> dict[str, LabelledImages]:
    """Load every set below a folder, decoded as production images are.

    Args:
        folder: Holds one folder per set, each with folders named 0-9 that hold image files.
            None means that there are no sets.
        limits: Of bytes and pixels; files that cannot be decoded are left out and logged.

    Returns:
        Name of the set -> its images.

    Raises:
        InvalidDataset: If the folder or the images of a set are missing, or a folder of a set is
            not named for a digit.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise InvalidDataset(
            f"The folder of real-world sets, {folder}, does not exist; create it or correct "
            "MNIST_REAL_WORLD_DIR."
        )
    return {
        each.name: _load_set(each, limits) for each in sorted(folder.iterdir()) if each.is_dir()
    }


def _load_set(folder: Path, limits: Limits) -> LabelledImages:
    images, labels, rejected = [], [], 0
    for digit_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        if digit_folder.name not in map(str, range(CLASSES)):
            raise InvalidDataset(
                f"The real-world set {folder.name!r} has a folder {digit_folder.name!r}; expected "
                "folders named 0 to 9, each with images of that digit."
            )
        for path in sorted(path for path in digit_folder.iterdir() if path.is_file()):
            match decode(path.read_bytes(), limits):
                case Decoded() as decoded:
                    images.append(decoded.pixels)
                    labels.append(int(digit_folder.name))
                case _:
                    rejected += 1
    if not images:
        raise InvalidDataset(
            f"The real-world set {folder.name!r} has no readable image ({rejected} rejected); put "
            "images into its folders 0 to 9, or remove it."
        )
    if rejected:
        _log.warning("real-world.rejected", set=folder.name, rejected=rejected, read=len(images))
    return LabelledImages(np.stack(images), np.array(labels, np.int64))
