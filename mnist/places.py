"""Places: what lies inside an object, named as an object version of its own.

A member of a zip archive, a page of a file, and what a layout cuts out of a picture. A place's etag
holds the way back: what it lies in, its number there, and a mark of its kind.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mnist.keys import ObjectVersion

_OF_A_PAGE = "p"
_OF_A_LAYOUT = "l"
"""No digits of the hexadecimal CRC-32 that a member's place ends with."""


@dataclass(frozen=True, slots=True)
class MemberPlace:
    """Where a member of a zip archive lies.

    Attributes:
        archive: The archive.
        number: Place of the member in the archive's table of contents.
    """

    archive: ObjectVersion
    number: int


def member_version(
    archive: ObjectVersion, number: int, name: str, crc: int, size: int
) -> ObjectVersion:
    """Name a member of a zip archive as an object version: `<archive>!<name>`.

    Its etag is `<etag of the archive>!<length of its key>.<its size>.<number>.<CRC-32>`: another
    archive, or another content, is another version, and `member_place` finds the way back.
    """
    place = f"{len(archive.key)}.{archive.size}.{number}.{crc:08x}"
    return ObjectVersion(f"{archive.key}!{name}", f"{archive.etag}!{place}", size)


def member_place(version: ObjectVersion) -> MemberPlace | None:
    """Say in which archive an object version lies; None if it is an object of its own."""
    place = _place(version)
    if place is None or place[2].startswith((_OF_A_PAGE, _OF_A_LAYOUT)):
        return None
    return MemberPlace(*place[:2])


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page lies.

    Attributes:
        file: The file with several pages; an object of its own, or a member of an archive.
        number: Of the page, from 1.
    """

    file: ObjectVersion
    number: int


def page_versions(file: ObjectVersion, pages: int) -> Iterator[ObjectVersion]:
    """Name the pages of a file as object versions: `<file>!1`, `<file>!2` and so on.

    Each has its share of the file's size, 1 or more, and the etag
    `<etag of the file>!<length of its key>.<its size>.<number>.p<pages>`: pages of another file are
    other versions, and `page_place` finds the way back.
    """
    size = max(file.size // pages, 1)
    for number in range(1, pages + 1):
        place = f"{len(file.key)}.{file.size}.{number}.{_OF_A_PAGE}{pages}"
        yield ObjectVersion(f"{file.key}!{number}", f"{file.etag}!{place}", size)


def page_place(version: ObjectVersion) -> PagePlace | None:
    """Say of which file an object version is a page; None if it is none."""
    place = _place(version)
    if place is None or not place[2].startswith(_OF_A_PAGE):
        return None
    return PagePlace(*place[:2])


@dataclass(frozen=True, slots=True)
class LayoutPlace:
    """Where something lies that a layout cuts out of a picture: a cell, a field, or all of it.

    Attributes:
        picture: What it is cut out of; an object of its own, a member of an archive, or a page.
        number: Of the place in the layout, from 1.
        layout: Digest of the layout.
    """

    picture: ObjectVersion
    number: int
    layout: str


def layout_versions(
    picture: ObjectVersion, names: Sequence[str], layout: str
) -> Iterator[ObjectVersion]:
    """Name what a layout cuts out of a picture as object versions: `<picture>!<name>`.

    Each has its share of the picture's size, 1 or more, and the etag
    `<etag of the picture>!<length of its key>.<its size>.<number>.l<digest of the layout>`: places
    of another picture, or by another layout, are other versions, and `layout_place` finds the way
    back.

    Args:
        picture: What is cut.
        names: Of the places; the empty name is the whole picture, which keeps its key.
        layout: Digest of the layout.
    """
    size = picture.size and max(picture.size // len(names), 1)
    for number, name in enumerate(names, 1):
        place = f"{len(picture.key)}.{picture.size}.{number}.{_OF_A_LAYOUT}{layout}"
        key = f"{picture.key}!{name}" if name else picture.key
        yield ObjectVersion(key, f"{picture.etag}!{place}", size)


def layout_place(version: ObjectVersion) -> LayoutPlace | None:
    """Say out of which picture an object version is cut, and by which layout; None if by none."""
    # Asked of every image of every batch, of which hardly any is a place of a layout.
    _, dot, mark = version.etag.rpartition(".")
    if not dot or not mark.startswith(_OF_A_LAYOUT):
        return None
    place = _place(version)
    if place is None or not place[2].startswith(_OF_A_LAYOUT):
        return None
    return LayoutPlace(place[0], place[1], place[2][1:])


def picture_of(version: ObjectVersion) -> ObjectVersion:
    """Return the picture that a layout cuts an object version out of, or the version itself."""
    place = layout_place(version)
    return version if place is None else place.picture


def by_picture(versions: Iterable[ObjectVersion]) -> Iterator[tuple[ObjectVersion, ...]]:
    """Put neighbours together that layouts cut out of one picture; others stay alone.

    They are taken only as fast as the answers are, one ahead where a picture ends.
    """
    together: list[ObjectVersion] = []
    for version in versions:
        place = layout_place(version)
        if together and (place is None or place.picture != picture_of(together[0])):
            yield tuple(together)
            together = []
        if place is None:
            yield (version,)
        else:
            together.append(version)
    if together:
        yield tuple(together)


def _place(version: ObjectVersion) -> tuple[ObjectVersion, int, str] | None:
    """Split the last place off an object version: what it lies in, its number there, its mark."""
    etag, bang, place = version.etag.rpartition("!")
    if not bang:
        return None
    length, size, number, mark = place.split(".")
    return ObjectVersion(version.key[: int(length)], etag, int(size)), int(number), mark
