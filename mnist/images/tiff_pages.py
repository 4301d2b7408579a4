"""Which directories of a TIFF are pages, found by following them without decoding anything.

Sources: TIFF 6.0, section 2; the BigTIFF design of libtiff.
"""

from struct import Struct
from typing import NamedTuple

_SUBFILE, _OLD_SUBFILE = 254, 255
_NOT_A_PAGE = 1 | 4
"""Bits of NewSubfileType: a smaller copy of another picture, a mask for another picture."""
_OLD_SMALLER_COPY = 2


class _Layout(NamedTuple):
    """How numbers lie in a file.

    Attributes:
        first: Where the place of the first directory lies.
        place: A place in the file.
        length: How many entries there are.
        entry: An entry: its tag, and where its value begins as a number of 16 bits.
    """

    first: int
    place: Struct
    length: Struct
    entry: Struct

    @classmethod
    def of(cls, content: bytes) -> "_Layout":
        order = "<" if content.startswith(b"II") else ">"
        if content[2:4] in {b"+\0", b"\0+"}:
            return cls(8, Struct(order + "Q"), Struct(order + "Q"), Struct(order + "HHQHHI"))
        return cls(4, Struct(order + "I"), Struct(order + "H"), Struct(order + "HHIHH"))


def page_directories(content: bytes) -> list[int]:
    """Number the directories of a TIFF that are pages, from 0, in their order.

    Smaller copies and masks are none. A directory that is announced and lies past the end of the
    file counts, because it is a page that was lost.
    """
    layout = _Layout.of(content)
    place = _unpacked(layout.place, content, layout.first)
    seen: set[int] = set()
    pages: list[int] = []
    while place and place not in seen:
        entries = _unpacked(layout.length, content, place)
        end = place + layout.length.size + entries * layout.entry.size
        if not entries or end > len(content):
            return [*pages, len(seen)]
        if _is_page(content, layout, place + layout.length.size, end):
            pages.append(len(seen))
        seen.add(place)
        place = _unpacked(layout.place, content, end)
    return pages


def _unpacked(number: Struct, content: bytes, place: int) -> int:
    """Return the number at a place; 0 past the end of the file."""
    if place + number.size > len(content):
        return 0
    return int(number.unpack_from(content, place)[0])


def _is_page(content: bytes, layout: _Layout, start: int, end: int) -> bool:
    for tag, _, _, high, low, *_ in layout.entry.iter_unpack(content[start:end]):
        # In either byte order, one of both halves of a LONG is 0 where the value is small.
        if tag == _SUBFILE and (high | low) & _NOT_A_PAGE:
            return False
        if tag == _OLD_SUBFILE and _OLD_SMALLER_COPY in {high, low}:
            return False
        if tag > _OLD_SUBFILE:  # tags are in order
            break
    return True
