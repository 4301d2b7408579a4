"""UNIPEN's digits as images: from an archive or a folder to strokes, from strokes to pixels."""

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mnist.data.hands.hands import Hands
from mnist.data.hands.pen_strokes import draw, extent
from mnist.data.hands.unipen import CATEGORY, INCLUDED, parse_unipen
from mnist.data.labelled import LabelledImages
from mnist.digits import SIDE
from mnist.errors import InvalidDataset

NAME = "unipen"

_RENDERINGS = 2
_PEN_WIDTHS = (1.6, 3.8)
"""Pixels of MNIST, whose own strokes are 1.9 to 4.2 wide (5th and 95th percentile)."""

_MAX_BYTES = 2_000_000_000
"""Category 1a with its includes has 44 MB, the whole of train_r01_v07 much more."""


def load_unipen(path: Path, seed: int) -> Hands:
    """Load category 1a of UNIPEN, each digit drawn twice with pens of random width.

    Single spots are no digits and are left out.

    Args:
        path: A tar archive, packed or not, or a folder; with `data/1a` and `include`.
        seed: Determines the pens.

    Raises:
        InvalidDataset: If it is not what it claims to be.
    """
    texts = _read(path)
    digits, used = parse_unipen(texts)
    if not digits:
        raise InvalidDataset(
            f"{path} has no digit of UNIPEN's category 1a; expected files in {CATEGORY} and "
            f"{INCLUDED}, as in train_r01_v07."
        )
    drawable = [row for row, digit in enumerate(digits) if extent(digit.strokes) > 0]
    rng = np.random.default_rng(seed)
    rows = drawable * _RENDERINGS
    pens = rng.uniform(*_PEN_WIDTHS, len(rows))
    images = [draw(digits[row].strokes, pen) for row, pen in zip(rows, pens, strict=True)]
    return Hands(
        NAME,
        LabelledImages(
            np.array(images, np.uint8).reshape(-1, SIDE, SIDE),
            np.array([digits[row].label for row in rows], np.int64),
        ),
        originals=np.array(rows, np.int64),
        writers=np.array([digits[row].writer for row in rows], np.str_),
        sha256=_digest(texts, used),
        left_out=len(digits) - len(drawable),
    )


def _read(path: Path) -> dict[str, str]:
    try:
        files = _folder_files(path) if path.is_dir() else _archive_files(path)
        return {name: content.decode("latin-1") for name, content in files}
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError, zlib.error) as error:
        raise InvalidDataset(
            f"Cannot read {path}: {error}. Fetch it again, or take it out of the folder."
        ) from error


def _archive_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what is needed of an archive, in one pass and without unpacking it to the disk."""
    total = 0
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            name = _needed_name(member.name)
            if name is None or not member.isfile():
                continue
            total += member.size
            if total > _MAX_BYTES:
                raise InvalidDataset(
                    f"{path} has more than {_MAX_BYTES:,} bytes in {CATEGORY} and {INCLUDED}; "
                    "unpack it, keep the files of category 1a, and name the folder instead."
                )
            opened = archive.extractfile(member)
            if opened is not None:
                yield name, opened.read()


def _folder_files(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("*")):
        name = _needed_name(file.relative_to(path).as_posix())
        if name is not None and file.is_file():
            yield name, file.read_bytes()


def _needed_name(path: str) -> str | None:
    """Give the path below the distribution's own folder, if it is of category 1a or included."""
    slashed = f"/{path}"
    starts = [slashed.find(f"/{start}") for start in (CATEGORY, INCLUDED)]
    start = min((start for start in starts if start >= 0), default=None)
    return None if start is None else slashed[start + 1 :]


def _digest(texts: dict[str, str], used: set[str]) -> str:
    """Compute one SHA-256 over path and content of every file used, archive or folder alike."""
    digest = hashlib.sha256()
    for name in sorted(used):
        content = hashlib.sha256(texts[name].encode("latin-1")).hexdigest()
        digest.update(f"{content}  {name}\n".encode())
    return digest.hexdigest()
