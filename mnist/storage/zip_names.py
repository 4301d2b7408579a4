"""Names of the members of a zip archive: which text the bytes in its table of contents stand for.

A member says whether its name is UTF-8. Many programs do not say it: Debian's `zip` and macOS write
UTF-8 without the flag, Windows the code page of the country it was bought in. All such names of an
archive are judged together, because one short name alone does not tell an encoding.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice
from urllib.parse import quote_from_bytes

import chardet

_IS_UTF8 = 0x800
_DECLARED = "cp437"
"""What a name without the flag is by the standard; gives a character for every byte."""

_CODE_PAGES = ("cp437", "cp850", "cp932", "gb18030", "big5hkscs", "cp949", "cp866")
_SAMPLED_NAMES = 2_000
_UNICODE_PATH = 0x7075
_FIELD_HEADER = struct.Struct("<HH")
_UNICODE_PATH_HEADER = struct.Struct("<BL")
_BAD = re.compile(r"\\|^/|^[A-Za-z]:|(^|/)\.\.(/|$)|[\x00-\x1f\x7f]")
_PLAIN = "".join(map(chr, range(0x20, 0x7F))).translate({ord("%"): None, ord("\\"): None})


def decode_names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Give every member its name, in their order.

    A name comes from the UTF-8 flag, else from the Unicode path field (0x7075), else from the
    encoding that fits all other names of the archive together. Backslashes that separate folders
    become slashes, unless the name is bad with them. Members whose bytes differ get different
    names: where two would read the same, the later one is spelled with its bytes, as `%81.png`.
    """
    raws = [_raw(info) for info in infos]
    declared = [_declared(info, raw) for info, raw in zip(infos, raws, strict=True)]
    encoding = _encoding(raw for raw, name in zip(raws, declared, strict=True) if name is None)
    owners: dict[str, bytes] = {}
    names = []
    for raw, name in zip(raws, declared, strict=True):
        text = _with_slashes(_decode(raw, encoding) if name is None else name)
        if owners.setdefault(text, raw) != raw:
            text = quote_from_bytes(raw, safe=_PLAIN)
        names.append(text)
    return names


def is_bad_name(name: str) -> bool:
    """Tell whether a name points out of the archive, or has what no name should have."""
    return _BAD.search(name) is not None


def _with_slashes(name: str) -> str:
    """Separate folders by slashes, as the standard asks; .NET and PowerShell wrote backslashes."""
    slashed = name.replace("\\", "/")
    return name if is_bad_name(slashed) else slashed


def _raw(info: zipfile.ZipInfo) -> bytes:
    """Undo what the standard library made of the bytes."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _IS_UTF8 else _DECLARED)


def _declared(info: zipfile.ZipInfo, raw: bytes) -> str | None:
    """Return the name if the archive says what it is; None if that has to be found out."""
    if info.flag_bits & _IS_UTF8:
        return info.orig_filename
    return _unicode_path(info.extra, raw) or (info.orig_filename if raw.isascii() else None)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Read the field 0x7075; one that belongs to another name, or is damaged, does not count."""
    while len(extra) >= _FIELD_HEADER.size:
        kind, length = _FIELD_HEADER.unpack_from(extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind != _UNICODE_PATH or len(field) <= _UNICODE_PATH_HEADER.size:
            continue
        version, crc = _UNICODE_PATH_HEADER.unpack_from(field)
        if version == 1 and crc == zlib.crc32(raw):
            try:
                return field[_UNICODE_PATH_HEADER.size :].decode()
            except UnicodeDecodeError:
                return None
    return None


def _encoding(raws: Iterable[bytes]) -> str:
    """Name the encoding that fits all these names together."""
    segments = dict.fromkeys(part for raw in raws for part in raw.split(b"/") if not part.isascii())
    text = b"\n".join(segments)
    try:
        text.decode()
    except UnicodeDecodeError:
        sample = b"\n".join(islice(segments, _SAMPLED_NAMES))
        judged = chardet.detect(sample, include_encodings=_CODE_PAGES, no_match_encoding=_DECLARED)
        return judged["encoding"] or _DECLARED
    return "utf-8"


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return raw.decode(_DECLARED)
