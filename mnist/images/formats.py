"""Which format the bytes are in: content decides, never the name."""

from mnist.digits import Reason
from mnist.images.archives import archive_problem
from mnist.images.containers import PNG_SIGNATURE, inspect_bmp, inspect_jpeg, inspect_png
from mnist.images.header import Format, Header, size_problem
from mnist.images.results import Limits, Rejection

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_FOREIGN = (
    (b"8BPS", "Photoshop"),
    (b"\0\0\x01\0", "icon"),
    (b"\0\0\x02\0", "cursor"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"AT&TFORM", "DjVu"),
    (b"gimp xcf", "GIMP"),
    (b"qoif", "QOI"),
)
_SIGNATURES = (PNG_SIGNATURE, b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF", *_TIFF[:2])


def inspect(content: bytes, limits: Limits) -> Header | Rejection:
    """Find the format and check size and structure, before any decoder is involved."""
    if not content:
        return Rejection(Reason.EMPTY, "The file has 0 bytes.")
    if len(content) > limits.max_bytes:
        return Rejection(
            Reason.TOO_LARGE,
            f"The file has {len(content)} bytes; at most {limits.max_bytes} are accepted.",
        )
    header = _identify(content)
    if isinstance(header, Header) and header.width:
        return size_problem(header.width, header.height, limits) or header
    return header


def extension_of(content: bytes) -> str:
    """Name a file's extension by its content, such as `png`; `bin` where it is no image."""
    header = _identify(content)
    return header.format.lower() if isinstance(header, Header) else "bin"


def _identify(content: bytes) -> Header | Rejection:
    if content.startswith(PNG_SIGNATURE):
        return inspect_png(content)
    if content.startswith(b"\xff\xd8\xff"):
        return inspect_jpeg(content)
    if content.startswith(b"BM"):
        return inspect_bmp(content)
    rare = _rare_format(content)
    if rare is not None:
        return Header(rare, 0, 0, plain=False, payload=content)
    return _not_ours(content)


def _rare_format(content: bytes) -> Format | None:
    if content.startswith((b"GIF87a", b"GIF89a")):
        return Format.GIF
    if content.startswith(_TIFF):
        return Format.TIFF
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Format.WEBP
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return Format.HEIC
    if content.startswith(b"%PDF"):
        return Format.PDF
    return None


def _not_ours(content: bytes) -> Rejection:
    for magic, name in _FOREIGN:
        if content.startswith(magic):
            return Rejection(Reason.UNSUPPORTED_FORMAT, f"The file is {name}.")
    archive = archive_problem(content)
    if archive is not None:
        return Rejection(Reason.UNSUPPORTED_FORMAT, archive)
    if content[4:8] == b"ftyp":
        return Rejection(
            Reason.UNSUPPORTED_FORMAT, f"The file is a media container of brand {content[8:12]!r}."
        )
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return Rejection(Reason.UNSUPPORTED_FORMAT, "The file is SVG.")
    if any(signature.startswith(content) for signature in _SIGNATURES):
        return Rejection(Reason.TRUNCATED, f"The file ends after {len(content)} bytes.")
    return Rejection(Reason.NOT_AN_IMAGE, f"The file starts with {content[:8]!r}.")
