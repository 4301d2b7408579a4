"""Structure of PNG files (W3C PNG, third edition), checked without decoding a pixel."""

from struct import Struct
from zlib import crc32

from mnist.digits import Reason
from mnist.images.exif import orientation_of
from mnist.images.header import Format, Header
from mnist.images.results import Rejection

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR = Struct(">II5B")
_LENGTH_AND_TYPE = Struct(">I4s")
_CRC = Struct(">I")
_MAX_CHUNKS = 20_000
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def inspect_png(content: bytes) -> Header | Rejection:
    """Check every chunk and keep only those that make the picture.

    Chunks that are not needed for the first picture (text, colour profiles, animation) are cut
    out, so that no decoder sees them; EXIF is read for its orientation only.
    """
    kept: list[tuple[int, int]] = []
    orientation, position, size = 1, len(SIGNATURE), len(content)
    dropped, kind = False, b""
    for _ in range(_MAX_CHUNKS):
        if position + 12 > size:
            return _truncated(position, size)
        length, kind = _LENGTH_AND_TYPE.unpack_from(content, position)
        end = position + 12 + length
        if end > size:
            return _truncated(position, size)
        if crc32(content[position + 4 : end - 4]) != _CRC.unpack_from(content, end - 4)[0]:
            return Rejection(
                Reason.CORRUPT, f"PNG chunk {kind!r} at byte {position} has a bad CRC."
            )
        if kind in _NEEDED:
            kept.append((position, end))
        elif not kind[0] & 0x20:
            return Rejection(
                Reason.UNSUPPORTED_FORMAT,
                f"PNG chunk {kind!r} is critical and not in the standard.",
            )
        else:
            dropped = True
            if kind == b"eXIf":
                orientation = orientation_of(content[position + 8 : end - 4])
        position = end
        if kind == b"IEND":
            break
    else:
        return Rejection(Reason.CORRUPT, f"The PNG has more than {_MAX_CHUNKS} chunks.")
    payload = content
    if dropped or position != size:
        payload = SIGNATURE + b"".join(content[start:end] for start, end in kept)
    return _header(payload, orientation)


def _header(payload: bytes, orientation: int) -> Header | Rejection:
    length, kind = _LENGTH_AND_TYPE.unpack_from(payload, 8)
    if kind != b"IHDR" or length != 13:
        return Rejection(Reason.CORRUPT, f"The PNG starts with chunk {kind!r}, expected 'IHDR'.")
    width, height, depth, colour, _, _, interlace = _IHDR.unpack_from(payload, 16)
    if not width or not height or depth not in _DEPTHS.get(colour, ()):
        return Rejection(
            Reason.CORRUPT,
            f"The PNG declares {width}x{height} pixels, depth {depth}, colour type {colour}.",
        )
    plain = depth <= 8 and not interlace
    return Header(Format.PNG, width, height, plain, payload, orientation)


def _truncated(position: int, size: int) -> Rejection:
    return Rejection(
        Reason.TRUNCATED, f"The PNG ends after {size} bytes, inside the chunk at byte {position}."
    )
