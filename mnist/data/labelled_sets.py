"""Labelled images of one's own: they measure what MNIST's accuracy does not promise."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import structlog

from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES
from mnist.errors import InvalidDataset
from mnist.images import Decoded, Limits, decode

_LIST = "labels.csv"

_log = structlog.get_logger(__name__)


class LabelledFile(NamedTuple):
    """An image file, the digit on it, and what kind of image it is."""

    path: Path
    label: int
    kind: str = ""


def load_real_world(folder: Path | None, limits: Limits) -> dict[str, LabelledImages]:
    """Load every set below a folder, decoded as production images are.

    Args:
        folder: Holds one folder per set: either with folders named 0-9 that hold image files, or
            with a `labels.csv` as `read_list` takes it. None means that there are no sets.
        limits: Of bytes and pixels; files that cannot be decoded are left out and logged.

    Returns:
        Name of the set -> its images. A set whose list names several kinds is there as a whole
        and once more for each kind, as `SET/KIND`.

    Raises:
        InvalidDataset: If the folder or the images of a set are missing, or a label is no digit.
    """
    sets: dict[str, LabelledImages] = {}
    for name, files in real_world_files(folder).items():
        sets |= _load_set(name, files, limits)
    return sets


def real_world_files(folder: Path | None) -> dict[str, list[LabelledFile]]:
    """List every set below a folder, as `load_real_world` takes it.

    Raises:
        InvalidDataset: If the folder is missing, a list is none, or a label is no digit.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise InvalidDataset(
            f"The folder of real-world sets, {folder}, does not exist; create it or correct "
            "MNIST_REAL_WORLD_DIR."
        )
    return {
        each.name: read_list(each / _LIST) if (each / _LIST).is_file() else _walk(each)
        for each in sorted(path for path in folder.iterdir() if path.is_dir())
    }


def read_list(path: Path) -> list[LabelledFile]:
    """Read a list of labelled image files.

    Args:
        path: CSV with the columns `file` (relative to the list's folder), `label` (0-9) and, if
            you like, `kind`; other columns are ignored.

    Raises:
        InvalidDataset: If a column is missing, a label is no digit or a file is elsewhere.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = {"file", "label"} - set(rows.fieldnames or ())
        if missing:
            raise InvalidDataset(
                f"{path} has no column {' and no column '.join(sorted(missing))}; it has "
                f"{', '.join(rows.fieldnames or ()) or 'none'}."
            )
        return [
            LabelledFile(
                _inside(path, row["file"], line),
                _digit(row["label"], f"{path}, line {line}"),
                row.get("kind") or "",
            )
            for line, row in enumerate(rows, start=2)
        ]


def _inside(path: Path, name: str, line: int) -> Path:
    found = path.parent / name
    if not found.resolve().is_relative_to(path.parent.resolve()):
        raise InvalidDataset(
            f"{path}, line {line} names {name!r}, which is outside its folder; move the image "
            "into it."
        )
    return found


def _digit(text: str, place: str) -> int:
    if text not in map(str, range(CLASSES)):
        raise InvalidDataset(f"{place} says {text!r}; expected a digit, 0 to 9.")
    return int(text)


def _walk(folder: Path) -> list[LabelledFile]:
    """List a set that is sorted into folders named for digits."""
    return [
        LabelledFile(path, _digit(digit.name, f"A folder of the real-world set {folder.name!r}"))
        for digit in sorted(path for path in folder.iterdir() if path.is_dir())
        for path in sorted(path for path in digit.iterdir() if path.is_file())
    ]


def _load_set(
    name: str, files: Sequence[LabelledFile], limits: Limits
) -> dict[str, LabelledImages]:
    decoded = [(file, decode(file.path.read_bytes(), limits)) for file in files]
    read = [(file, image.pixels) for file, image in decoded if isinstance(image, Decoded)]
    rejected = len(files) - len(read)
    if not read:
        raise InvalidDataset(
            f"The real-world set {name!r} has no readable image ({rejected} rejected); put "
            f"images into its folders 0 to 9 or list them in its {_LIST}, or remove it."
        )
    if rejected:
        _log.warning("real-world.rejected", set=name, rejected=rejected, read=len(read))
    images = LabelledImages(
        np.stack([pixels for _, pixels in read]),
        np.array([file.label for file, _ in read], np.int64),
    )
    kinds = np.array([file.kind for file, _ in read])
    if len(set(kinds)) == 1:
        return {name: images}
    return {name: images} | {
        f"{name}/{kind or 'other'}": images.take(np.flatnonzero(kinds == kind))
        for kind in sorted(set(kinds))
    }
