"""Files as MNIST and QMNIST are distributed in."""

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mnist.data.further_test import IMAGES, LABELS


def idx(array: np.ndarray, code: int = 0x08) -> bytes:
    """Pack an array as an IDX file."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return gzip.compress(header + array.astype(array.dtype.newbyteorder(">")).tobytes())


def write_further_test(folder: Path, labels: Sequence[int], images: np.ndarray) -> None:
    """Write QMNIST's test files; image i is of writer i."""
    rows = np.zeros((len(labels), 8), np.int32)
    rows[:, 0], rows[:, 2] = labels, np.arange(len(labels))
    (folder / IMAGES).write_bytes(idx(images))
    (folder / LABELS).write_bytes(idx(rows, code=0x0C))
