"""Structure of PNG, JPEG and BMP files, checked without decoding a pixel.

Sources: W3C PNG, third edition; ITU-T T.81 (JPEG); Windows bitmaps as in the Windows SDK.
"""

from struct import Struct
from zlib import crc32

from mnist.digits import Reason
from mnist.images.header import Format, Header, orientation_of
from mnist.images.results import Rejection

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_IHDR = Struct(">II5B")
_PNG_LENGTH_AND_TYPE = Struct(">I4s")
_PNG_CRC = Struct(">I")
_PNG_MAX_CHUNKS = 20_000
_PNG_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}

_JPEG_MAX_SEGMENTS = 2_000
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_BASELINE, _JPEG_PROGRESSIVE = {0xC0, 0xC1}, 0xC2
_JPEG_MAX_SCANS, _JPEG_MAX_PROGRESSIVE_PIXELS = 24, 4_000_000
_JPEG_START_OF_SCAN, _JPEG_END, _JPEG_ADOBE, _JPEG_MULTI_PICTURE = 0xDA, 0xD9, 0xEE, 0xE2
_JPEG_METADATA = {*range(0xE1, 0xF0), 0xFE} - {_JPEG_ADOBE}

_BMP_INFO = Struct("<IIiiHHI")
_BMP_INFO_SIZE = 40
_BMP_HEADER_SIZES = {40, 52, 56, 64, 108, 124}
_BMP_UNCOMPRESSED = 0


def inspect_png(content: bytes) -> Header | Rejection:
    """Check every chunk and keep only those that make the picture.

    Chunks that are not needed for the first picture (text, colour profiles, animation) are cut
    out, so that no decoder sees them; EXIF is read for its orientation only.
    """
    kept: list[tuple[int, int]] = []
    view = memoryview(content)  # a slice of it copies nothing
    orientation, position, size = 1, len(PNG_SIGNATURE), len(content)
    dropped, several, kind = False, False, b""
    for _ in range(_PNG_MAX_CHUNKS):
        if position + 12 > size:
            return _png_truncated(position, size)
        length, kind = _PNG_LENGTH_AND_TYPE.unpack_from(content, position)
        end = position + 12 + length
        if end > size:
            return _png_truncated(position, size)
        if crc32(view[position + 4 : end - 4]) != _PNG_CRC.unpack_from(content, end - 4)[0]:
            return Rejection(
                Reason.CORRUPT, f"PNG chunk {kind!r} at byte {position} has a bad CRC."
            )
        if kind in _PNG_NEEDED:
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
            several = several or kind == b"acTL"
        position = end
        if kind == b"IEND":
            break
    else:
        return Rejection(Reason.CORRUPT, f"The PNG has more than {_PNG_MAX_CHUNKS} chunks.")
    payload = content
    if dropped or position != size:
        payload = PNG_SIGNATURE + b"".join(content[start:end] for start, end in kept)
    header = _png_header(payload, orientation)
    return header._replace(several=several) if isinstance(header, Header) else header


def _png_header(payload: bytes, orientation: int) -> Header | Rejection:
    length, kind = _PNG_LENGTH_AND_TYPE.unpack_from(payload, 8)
    if kind != b"IHDR" or length != 13:
        return Rejection(Reason.CORRUPT, f"The PNG starts with chunk {kind!r}, expected 'IHDR'.")
    width, height, depth, colour, _, _, interlace = _PNG_IHDR.unpack_from(payload, 16)
    if not width or not height or depth not in _PNG_DEPTHS.get(colour, ()):
        return Rejection(
            Reason.CORRUPT,
            f"The PNG declares {width}x{height} pixels, depth {depth}, colour type {colour}.",
        )
    plain = depth <= 8 and not interlace
    return Header(Format.PNG, width, height, plain, payload, orientation)


def _png_truncated(position: int, size: int) -> Rejection:
    return Rejection(
        Reason.TRUNCATED, f"The PNG ends after {size} bytes, inside the chunk at byte {position}."
    )


def inspect_jpeg(content: bytes) -> Header | Rejection:
    """Walk the segments up to the first scan, and make sure that the end is there.

    Metadata segments are cut out, so that no decoder sees them; EXIF is read for its orientation.
    """
    kept = [b"\xff\xd8"]
    orientation, position, frame, several = 1, 2, None, False
    for _ in range(_JPEG_MAX_SEGMENTS):
        while content[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 4 > len(content):
            return _jpeg_truncated(content)
        if content[position] != 0xFF:
            return Rejection(Reason.CORRUPT, f"The JPEG has no marker at byte {position}.")
        marker = content[position + 1]
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        end = position + 2 + length
        if end > len(content):
            return _jpeg_truncated(content)
        segment = content[position:end]
        if marker == _JPEG_START_OF_SCAN:
            break
        if marker in _JPEG_FRAMES:
            frame = (marker, segment)
        if segment[4:10] == b"Exif\0\0" and marker == 0xE1:
            orientation = orientation_of(segment[4:])
        several = several or (marker == _JPEG_MULTI_PICTURE and segment[4:8] == b"MPF\0")
        if marker not in _JPEG_METADATA:
            kept.append(segment)
        position = end
    else:
        return Rejection(Reason.CORRUPT, f"The JPEG has more than {_JPEG_MAX_SEGMENTS} segments.")
    header = _jpeg_header(content, kept, position, orientation, frame)
    return header._replace(several=several) if isinstance(header, Header) else header


def _jpeg_header(
    content: bytes,
    kept: list[bytes],
    scan: int,
    orientation: int,
    frame: tuple[int, bytes] | None,
) -> Header | Rejection:
    end = content.rfind(bytes((0xFF, _JPEG_END)), scan)
    if end < 0:
        return _jpeg_truncated(content)
    if frame is None or len(frame[1]) < 10:
        return Rejection(Reason.CORRUPT, "The JPEG has no usable frame header before its scan.")
    marker, segment = frame
    precision, components = segment[4], segment[9]
    height, width = (int.from_bytes(segment[at : at + 2], "big") for at in (5, 7))
    if not width or not height:
        return Rejection(Reason.CORRUPT, f"The JPEG declares {width}x{height} pixels.")
    simple = marker in _JPEG_BASELINE
    if marker == _JPEG_PROGRESSIVE:  # each scan goes over the whole picture, which is in memory
        scans = content.count(bytes((0xFF, _JPEG_START_OF_SCAN)), scan, end)
        simple = scans <= _JPEG_MAX_SCANS and width * height <= _JPEG_MAX_PROGRESSIVE_PIXELS
    plain = simple and precision == 8 and components in (1, 3)
    payload = b"".join((*kept, content[scan : end + 2]))
    return Header(Format.JPEG, width, height, plain, payload, orientation)


def _jpeg_truncated(content: bytes) -> Rejection:
    return Rejection(
        Reason.TRUNCATED, f"The JPEG ends after {len(content)} bytes, without its end marker."
    )


def inspect_bmp(content: bytes) -> Header | Rejection:
    """Check dimensions, depth and that all rows are there."""
    if len(content) < 14 + _BMP_INFO_SIZE:
        return Rejection(
            Reason.TRUNCATED, f"The BMP ends inside its header ({len(content)} bytes)."
        )
    pixels_at, header_size, width, height, planes, depth, compression = _BMP_INFO.unpack_from(
        content, 10
    )
    height = abs(height)
    if header_size not in _BMP_HEADER_SIZES or width <= 0 or not height or planes != 1:
        return Rejection(
            Reason.CORRUPT,
            f"The BMP declares {width}x{height} pixels, {planes} planes, header {header_size}.",
        )
    if compression == _BMP_UNCOMPRESSED:
        needed = pixels_at + (width * depth + 31) // 32 * 4 * height
        if needed > len(content):
            return Rejection(
                Reason.TRUNCATED, f"The BMP has {len(content)} bytes; its size needs {needed}."
            )
    plain = compression == _BMP_UNCOMPRESSED and depth in (8, 24) and header_size == _BMP_INFO_SIZE
    return Header(Format.BMP, width, height, plain, content)
