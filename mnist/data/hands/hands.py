"""One public set of handwritten digits, and the bytes it came from."""

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidDataset

_MAX_BYTES = 100_000_000
"""Unpacked; the largest of the two lists has 15 MB."""


@dataclass(frozen=True, eq=False)
class Hands:
    """Handwritten digits of one public set, as MNIST would show them.

    Attributes:
        name: `semeion`, `usps` or `unipen`.
        images: Images and their digits, in the order of the source; copies of it in turn.
        originals: Which digit of the source each image shows, shape (n,), int64, from 0. Images of
            one digit belong together when they are split.
        writers: Who wrote each, shape (n,); empty where the source does not say it.
        sha256: SHA-256 of the source, unpacked.
        left_out: Digits of the source of which no image can be made.
    """

    name: str
    images: LabelledImages
    originals: NDArray[np.int64]
    writers: NDArray[np.str_]
    sha256: str
    left_out: int = 0


def read_list(path: Path) -> bytes:
    """Read a list of digits, packed by gzip or not.

    Raises:
        InvalidDataset: If the file cannot be read, is damaged, or is larger than such a list.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidDataset(
            f"Cannot read {path}: {error}. Fetch the file again, or take it out of the folder."
        ) from error
    if len(content) > _MAX_BYTES:
        raise InvalidDataset(
            f"{path} has more than {_MAX_BYTES:,} bytes unpacked, so it is not the list of digits "
            "that its name says. Take it out of the folder."
        )
    return bytes(content)


def parse_numbers(content: bytes, columns: int, place: str) -> NDArray[np.float32]:
    """Parse lines of numbers separated by blanks, all of the same length.

    Returns:
        Shape (n, columns), n > 0.

    Raises:
        InvalidDataset: If a line has another length or something that is no number, naming it.
    """
    if not content.strip():
        raise InvalidDataset(f"{place} is empty; expected lines of {columns} numbers.")
    try:
        table = np.loadtxt(io.BytesIO(content), np.float32, ndmin=2, comments=None)
    except ValueError as error:
        raise InvalidDataset(
            f"{place} is not a table of numbers: {error}. Expected lines of {columns} numbers "
            "separated by blanks; fetch the file again."
        ) from error
    if table.shape[1] != columns or not np.isfinite(table).all():
        raise InvalidDataset(
            f"{place} has lines of {table.shape[1]} numbers; expected {columns} finite ones. "
            "Fetch the file again."
        )
    return table


def sha256_of(content: bytes) -> str:
    """Compute the SHA-256 of a source."""
    return hashlib.sha256(content).hexdigest()
