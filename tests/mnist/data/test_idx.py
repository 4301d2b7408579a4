"""IDX files: what was written is read, and damage is named."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist.data.idx import parse_idx
from mnist.errors import InvalidDataset

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def to_idx(array: np.ndarray) -> bytes:
    """Write IDX as its description says, independently of the reader."""
    code = CODES[array.dtype.newbyteorder("=").str[1:]]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.float32]),
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=5, min_side=0),
        elements=st.integers(0, 100),
    )
)
def test_reads_what_was_written_of_any_type_and_shape(array: np.ndarray) -> None:
    for raw in (to_idx(array), gzip.compress(to_idx(array))):
        read = parse_idx(raw, "made")
        assert read.dtype == array.dtype
        assert read.dtype.isnative
        np.testing.assert_array_equal(read, array)


def test_reads_numbers_in_big_endian_order() -> None:
    raw = bytes([0, 0, 0x0C, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF])
    assert parse_idx(raw, "labels").tolist() == [256, -1]


DIGITS = to_idx(np.zeros((2, 28, 28), np.uint8))


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "no complete IDX header"),
        (b"\x89PNG\r\n", "89504e47.*no complete IDX header"),
        (bytes([0, 0, 0x42, 1, 0, 0, 0, 0]), "no complete IDX header"),
        (DIGITS[:9], "no complete IDX header"),
        (DIGITS[:16], "has 16 bytes"),
        (DIGITS[:-1], r"1,583 bytes.*\(2, 28, 28\).*1,584"),
        (DIGITS + b"x", "1,585 bytes"),
        (gzip.compress(DIGITS, mtime=0)[:-9], "damaged gzip"),
        (gzip.compress(DIGITS, mtime=0)[:-8] + b"\0" * 8, "damaged gzip"),
    ],
)
def test_names_the_file_and_what_is_wrong_with_it(raw: bytes, complaint: str) -> None:
    with pytest.raises(InvalidDataset, match=f"broken.gz.*{complaint}"):
        parse_idx(raw, "broken.gz")
