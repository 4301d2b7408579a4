"""Zip archives written by hand: the standard library writes no name as bytes."""

import io
import struct
import zlib


def entry(raw: bytes, *, flags=0, extra=b"", method=0, content=b"x"):
    """Give the local part and the line in the table of contents, name as raw bytes."""
    crc, size = zlib.crc32(content), len(content)
    fixed = struct.pack("<HHHHHLLLH", 20, flags, method, 0, 0x21, crc, size, size, len(raw))
    return (
        b"PK\x03\x04" + fixed + struct.pack("<H", 0) + raw + content,
        fixed + struct.pack("<HHHHL", len(extra), 0, 0, 0, 0),
        raw + extra,
    )


def archive(*entries) -> io.BytesIO:
    """Write a zip by hand: the standard library writes no name as bytes."""
    content = directory = b""
    for local, fixed, names in entries:
        directory += b"PK\x01\x02\x14\x00" + fixed + struct.pack("<L", len(content)) + names
        content += local
    count = len(entries)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(content), 0)
    return io.BytesIO(content + directory + end)


def unicode_path(raw: bytes, name: bytes, *, version=1, crc=None) -> bytes:
    checksum = zlib.crc32(raw) if crc is None else crc
    return struct.pack("<HHBL", 0x7075, 5 + len(name), version, checksum) + name
