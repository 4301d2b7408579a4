"""The table of contents of a zip archive, and one member taken out of its bytes. Trusts nothing."""

import struct
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import IO

from mnist.digits import Reason
from mnist.ignored_files import Ignored, ignored_as
from mnist.images import Rejection
from mnist.keys import is_marker_key
from mnist.storage.zip_names import decode_names, is_bad_name

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "BZIP2", 14: "LZMA", 93: "Zstandard"}
_METHODS |= {94: "MP3", 95: "XZ", 96: "JPEG", 97: "WavPack", 98: "PPMd"}
_SMALL_BYTES = 1_000_000
_BROKEN = (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, EOFError, OSError)


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """What an archive may cost.

    Attributes:
        max_members: Files in it.
        max_ratio: Bytes that one byte may unpack to, for members above one megabyte.
        max_directory_bytes: Length of its table of contents.
        max_plain_bytes: What an object may have that is named like an archive and is none.
    """

    max_members: int = 100_000
    max_ratio: int = 200
    max_directory_bytes: int = 64_000_000
    max_plain_bytes: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive.

    Attributes:
        number: Its place in the table of contents.
        name: Its path in the archive, folders separated by slashes.
        size: Unpacked, in bytes, as declared.
        packed: In the archive, in bytes.
        crc: CRC-32 as declared.
        start: Where its header begins in the archive.
        end: Where what comes after it begins.
        method: How it is packed.
        problem: Why it is not read; None if it is.
    """

    number: int
    name: str
    size: int
    packed: int
    crc: int
    start: int
    end: int
    method: int
    problem: Rejection | None


@dataclass(frozen=True, slots=True)
class Directory:
    """A table of contents.

    Attributes:
        members: Those that want an outcome, by number.
        ignored: How many were left out because computers add them.
        metadata: User metadata of the archive as JSON text; None if there are none.
    """

    members: dict[int, Member]
    ignored: Ignored
    metadata: str | None = None

    def __len__(self) -> int:
        return len(self.members)


class DirectoryTooLong(OSError):
    """The table of contents is longer than the limit."""


def read_directory(archive: IO[bytes], limits: ZipLimits) -> Directory | Rejection | None:
    """Read the table of contents; only the end of the archive is looked at.

    Folders, `_READY` and files that computers add are left out.

    Returns:
        What is in it; or why the whole archive is refused; or None if the bytes are no archive.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            infos, directory_start = opened.infolist(), opened.start_dir
    except DirectoryTooLong as error:
        return Rejection(Reason.TOO_LARGE, f"The zip archive has {error}.")
    except _BROKEN as error:
        archive.seek(0)
        if archive.read(2) != b"PK":
            return None
        return Rejection(Reason.CORRUPT, f"The zip archive cannot be opened: {error}.")
    if len(infos) > limits.max_members:
        return Rejection(
            Reason.TOO_LARGE,
            f"The zip archive has {len(infos)} members; at most {limits.max_members} are read.",
        )
    starts = sorted({info.header_offset for info in infos} | {directory_start})
    following = dict(pairwise(starts))
    names: set[str] = set()
    directory = Directory({}, Ignored())
    for number, (info, name) in enumerate(zip(infos, decode_names(infos), strict=True)):
        if is_marker_key(name):
            continue
        if (kind := ignored_as(name)) is not None:
            directory.ignored[kind] += 1
            continue
        end = following.get(info.header_offset, directory_start)
        problem = _problem(info, name, end, limits, is_second=name in names)
        names.add(name)
        directory.members[number] = Member(
            number,
            name,
            info.file_size,
            info.compress_size,
            info.CRC,
            info.header_offset,
            end,
            info.compress_type,
            problem,
        )
    return directory if len(directory) else Rejection(Reason.EMPTY, "The zip holds no image.")


def unpack(member: Member, content: bytes) -> bytes | Rejection:
    """Take a member out of its part of the archive.

    Args:
        member: Which one.
        content: The archive from `member.start` on, at least to `member.end`.
    """
    if len(content) < _LOCAL_HEADER.size or not content.startswith(_SIGNATURE):
        return Rejection(Reason.CORRUPT, f"No header of {member.name!r} at byte {member.start}.")
    _, name_length, extra_length = _LOCAL_HEADER.unpack_from(content)
    begin = _LOCAL_HEADER.size + name_length + extra_length
    packed = content[begin : begin + member.packed]
    if len(packed) != member.packed or begin + member.packed > member.end - member.start:
        return Rejection(Reason.TRUNCATED, f"{member.name!r} ends too early in the zip archive.")
    try:
        unpacked = packed if member.method == _STORED else _inflate(packed, member.size)
    except zlib.error as error:
        return Rejection(Reason.CORRUPT, f"{member.name!r} cannot be unpacked: {error}.")
    if len(unpacked) != member.size or zlib.crc32(unpacked) != member.crc:
        return Rejection(Reason.CORRUPT, f"{member.name!r} is not what the zip archive declares.")
    if unpacked.startswith(_SIGNATURE):
        return Rejection(
            Reason.UNSUPPORTED_FORMAT,
            "A zip inside a zip is not opened; pack its files instead.",
        )
    return unpacked


def _inflate(packed: bytes, size: int) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)


def _problem(
    info: zipfile.ZipInfo, name: str, end: int, limits: ZipLimits, *, is_second: bool
) -> Rejection | None:
    method = _METHODS.get(info.compress_type, "an unknown method")
    ratio = f"at most {limits.max_ratio} times as much is accepted"
    problems = (
        (is_second, Reason.BAD_NAME, "occurs more than once in the zip archive"),
        (is_bad_name(name), Reason.BAD_NAME, "points out of the zip archive"),
        (info.flag_bits & _ENCRYPTED, Reason.ENCRYPTED, "is encrypted"),
        (
            info.compress_type not in {_STORED, _DEFLATED},
            Reason.UNSUPPORTED_FORMAT,
            f"is packed by {method} (number {info.compress_type}), which is not read; pack it by "
            "Deflate, as most programs do unless told otherwise, or uncompressed",
        ),
        (
            info.file_size > max(limits.max_ratio * info.compress_size, _SMALL_BYTES),
            Reason.TOO_LARGE,
            f"unpacks {info.compress_size} bytes to {info.file_size}; {ratio}",
        ),
        (
            info.header_offset + _LOCAL_HEADER.size + info.compress_size > end,
            Reason.CORRUPT,
            "overlaps what follows it in the zip archive",
        ),
    )
    for applies, reason, problem in problems:
        if applies:
            return Rejection(reason, f"{name!r} {problem}.")
    return None
