"""Labelled sets: images and labels of one's own, which measure what MNIST does not."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import numpy as np
import structlog

from mnist.data.label_lists import Line, parse_list
from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES
from mnist.errors import InvalidDataset
from mnist.ignored_files import ignored_as
from mnist.images import Decoded, Limits, decode

_LIST = "labels.csv"

_log = structlog.get_logger(__name__)


class LabelledFile(NamedTuple):
    """An image file, the digit on it, and what kind of image it is."""

    path: Path
    label: int
    kind: str = ""


def load_labelled_sets(folder: Path | None, limits: Limits) -> dict[str, LabelledImages]:
    """Load every set below a folder, decoded as production images are.

    Args:
        folder: Holds one folder per set: either with folders named 0-9 that hold image files, or
            with a `labels.csv` (`mnist.data.label_lists`) whose files are relative to the set.
            None means that there are no sets.
        limits: Of bytes and pixels; files that cannot be decoded are left out and logged.

    Returns:
        Name of the set -> its images. A set whose list names several kinds is there as a whole
        and once more for each kind, as `SET/KIND`.

    Raises:
        InvalidDataset: If the folder or the images of a set are missing, or a label is no digit.
    """
    sets: dict[str, LabelledImages] = {}
    for name, files in labelled_files(folder).items():
        sets |= _load_set(name, files, limits)
    return sets


def labelled_files(folder: Path | None) -> dict[str, list[LabelledFile]]:
    """List every set below a folder, as `load_labelled_sets` takes it.

    Raises:
        InvalidDataset: If the folder is missing, a list is none, or a label is no digit.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise InvalidDataset(
            f"The folder of labelled sets, {folder}, does not exist; create it or correct "
            "MNIST_REAL_WORLD_DIR."
        )
    sets = _folders(folder)
    return {
        path.name: _read_list(path / _LIST) if (path / _LIST).is_file() else _walk(path)
        for path in sets
    }


def _read_list(path: Path) -> list[LabelledFile]:
    lines = parse_list(path.read_bytes(), str(path))
    files = [LabelledFile(_inside(path, line), line.label, line.kind) for line in lines]
    missing = [number for number, file in enumerate(files) if not file.path.is_file()]
    if missing:
        first = lines[missing[0]]
        others = f"; there are {len(missing)} such lines" if len(missing) > 1 else ""
        raise InvalidDataset(
            f"{path}, line {first.number} names {first.file!r}, which is not there{others}. Names "
            f"are relative to {path.parent}; put the images there, or take the lines out."
        )
    return files


def _inside(path: Path, line: Line) -> Path:
    """Find a file of a list, whose name another computer may have spelled in another way."""
    slashed = line.file.replace("\\", "/")
    spellings = [line.file, *(normalize(form, slashed) for form in ("NFC", "NFD"))]
    files = [path.parent / spelling for spelling in spellings]
    file = next((file for file in files if file.is_file()), files[0])
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise InvalidDataset(
            f"{path}, line {line.number} names {line.file!r}, which is outside its folder; move "
            "the image into it."
        )
    return file


def _digit(text: str, place: str) -> int:
    if text not in map(str, range(CLASSES)):
        raise InvalidDataset(f"{place} has the label {text!r}; expected a digit, 0 to 9.")
    return int(text)


def _walk(folder: Path) -> list[LabelledFile]:
    """List a set that is sorted into folders named for digits."""
    return [
        LabelledFile(path, _digit(digit.name, f"A folder of the labelled set {folder.name!r}"))
        for digit in _folders(folder)
        for path in sorted(digit.iterdir())
        if path.is_file() and ignored_as(path.name) is None
    ]


def _folders(folder: Path) -> list[Path]:
    """List the folders in one, in order, without those that computers add."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    return [path for path in inside if ignored_as(f"{path.name}/") is None]


def _load_set(
    name: str, files: Sequence[LabelledFile], limits: Limits
) -> dict[str, LabelledImages]:
    results = [(file, decode(file.path.read_bytes(), limits)) for file in files]
    decoded = [(file, result.pixels) for file, result in results if isinstance(result, Decoded)]
    rejected = len(files) - len(decoded)
    if not decoded:
        raise InvalidDataset(
            f"The labelled set {name!r} has no usable image ({rejected} rejected); put "
            f"images into its folders 0 to 9 or list them in its {_LIST}, or remove it."
        )
    if rejected:
        _log.warning("labelled-set.rejected", set=name, rejected=rejected, decoded=len(decoded))
    images = LabelledImages(
        np.stack([pixels for _, pixels in decoded]),
        np.array([file.label for file, _ in decoded], np.int64),
    )
    return by_kind(name, images, [file.kind for file, _ in decoded])


def by_kind(name: str, images: LabelledImages, kinds: Sequence[str]) -> dict[str, LabelledImages]:
    """Name a set as a whole, and once more each kind of image, as `SET/KIND`, if it has several."""
    if len(set(kinds)) == 1:
        return {name: images}
    of_rows = np.array(kinds)
    return {name: images} | {
        f"{name}/{kind or 'other'}": images.take(np.flatnonzero(of_rows == kind))
        for kind in sorted(set(kinds))
    }
