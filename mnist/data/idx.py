"""The IDX file format, in which MNIST and QMNIST are distributed.

Format: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values (http://yann.lecun.com/exdb/mnist/, LeCun et al. 1998).
"""

import gzip
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist.errors import InvalidDataset

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"


def parse_idx(raw: bytes, name: str) -> NDArray[Any]:
    """Read the bytes of one IDX file, gzipped or plain.

    Args:
        raw: The content of the file.
        name: What to call the file in an error.

    Raises:
        InvalidDataset: If the bytes are not a complete IDX file.
    """
    content = _unzip(raw, name) if raw[:2] == _GZIP_MAGIC else raw
    start = 4 + 4 * content[3] if len(content) > 3 else 4
    if len(content) < start or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise InvalidDataset(
            f"{name} starts with {content[:4].hex()!r}, which is no complete IDX header (expected "
            "0000, a type code, the number of dimensions, then each). Fetch the file again."
        )
    dtype = np.dtype(_TYPES[content[2]])
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise InvalidDataset(
            f"{name} has {len(content):,} bytes, but its header announces shape {shape} and so "
            f"{expected:,} bytes. Fetch the file again."
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def _unzip(raw: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidDataset(
            f"{name} is a damaged gzip file ({error}). Fetch the file again."
        ) from error
