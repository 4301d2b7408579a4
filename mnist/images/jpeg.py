"""Structure of JPEG files (ITU-T T.81), checked without decoding a pixel."""

from mnist.digits import Reason
from mnist.images.exif import orientation_of
from mnist.images.header import Format, Header
from mnist.images.results import Rejection

_MAX_SEGMENTS = 2_000
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_BASELINE = {0xC0, 0xC1}
_START_OF_SCAN, _END, _ADOBE = 0xDA, 0xD9, 0xEE
_METADATA = {*range(0xE1, 0xF0), 0xFE} - {_ADOBE}


def inspect_jpeg(content: bytes) -> Header | Rejection:
    """Walk the segments up to the first scan, and make sure that the end is there.

    Metadata segments are cut out, so that no decoder sees them; EXIF is read for its orientation.
    """
    kept = [b"\xff\xd8"]
    orientation, position, frame = 1, 2, None
    for _ in range(_MAX_SEGMENTS):
        while content[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 4 > len(content):
            return _truncated(content)
        if content[position] != 0xFF:
            return Rejection(Reason.CORRUPT, f"The JPEG has no marker at byte {position}.")
        marker = content[position + 1]
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        end = position + 2 + length
        if end > len(content):
            return _truncated(content)
        segment = content[position:end]
        if marker == _START_OF_SCAN:
            break
        if marker in _FRAMES:
            frame = (marker, segment)
        if segment[4:10] == b"Exif\0\0" and marker == 0xE1:
            orientation = orientation_of(segment[4:])
        if marker not in _METADATA:
            kept.append(segment)
        position = end
    else:
        return Rejection(Reason.CORRUPT, f"The JPEG has more than {_MAX_SEGMENTS} segments.")
    return _header(content, kept, position, orientation, frame)


def _header(
    content: bytes,
    kept: list[bytes],
    scan: int,
    orientation: int,
    frame: tuple[int, bytes] | None,
) -> Header | Rejection:
    end = content.rfind(bytes((0xFF, _END)), scan)
    if end < 0:
        return _truncated(content)
    if frame is None or len(frame[1]) < 10:
        return Rejection(Reason.CORRUPT, "The JPEG has no usable frame header before its scan.")
    marker, segment = frame
    precision, components = segment[4], segment[9]
    height, width = (int.from_bytes(segment[at : at + 2], "big") for at in (5, 7))
    if not width or not height:
        return Rejection(Reason.CORRUPT, f"The JPEG declares {width}x{height} pixels.")
    plain = marker in _BASELINE and precision == 8 and components in (1, 3)
    payload = b"".join((*kept, content[scan : end + 2]))
    return Header(Format.JPEG, width, height, plain, payload, orientation)


def _truncated(content: bytes) -> Rejection:
    return Rejection(
        Reason.TRUNCATED, f"The JPEG ends after {len(content)} bytes, without its end marker."
    )
