"""Pictures of a mini-batch: what is fetched for each, and what decoding and cutting it gives."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mnist.digits import Image, Outcome, Reason
from mnist.errors import ObjectGone, Unavailable
from mnist.images import Decoded, Limits, Rejection, SeveralPages, decode, load_plane
from mnist.images.archives import archive_advice
from mnist.images.results import Plane, Source
from mnist.keys import LAYOUT_FILE, ObjectVersion, is_archive_key, is_misplaced_layout
from mnist.layouts import Cut
from mnist.places import LayoutPlace, layout_place
from mnist.scoring.rows import Content
from mnist.scoring.sheet_layouts import SheetLayout, for_sheets

BY_LAYOUT = "layout"
"""What the column `pipeline` says of the images that layouts cut out."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What fetching one object version gave.

    Attributes:
        content: Its bytes; or why they are refused for good; or `superseded` or `vanished`; or
            the error after which it stays without an outcome until a later run.
        attempts: How often it was asked for, 1 or more.
        metadata: User metadata of the object as JSON text; None if there are none.
    """

    content: bytes | Rejection | Outcome | Unavailable
    attempts: int = 1
    metadata: str | None = None


Fetch = Callable[[Sequence[ObjectVersion]], Iterator[Fetched]]
"""Fetches object versions, one answer each in their order; of a place by a layout its picture.

Raises Unavailable if the store is down.
"""

LayoutOf = Callable[[str], SheetLayout]
"""Gives the layout of a digest.

Raises ObjectGone if there is none.
"""


class Paged(NamedTuple):
    """A file with several pages.

    Attributes:
        file: The file.
        pages: How many it has.
        listed: Object versions that stood for it while it was taken for one picture.
    """

    file: ObjectVersion
    pages: int
    listed: int = 1


@dataclass(frozen=True, slots=True)
class Unscored:
    """An object version that has no row.

    Attributes:
        version: The object version.
        why: `superseded` or `vanished`; or the error for which a later run tries it again.
    """

    version: ObjectVersion
    why: Outcome | Unavailable


@dataclass(slots=True)
class MiniBatch:
    """What became of a mini-batch.

    Attributes:
        contents: Every object version that has an outcome.
        pixels: The images of those contents that have any, in their order.
        paged: Files with several pages, which want an outcome instead of them, and how many.
        unscored: Object versions without an outcome.
        put_off: Those that were not begun because the time was over.
        fetch_seconds: How long fetching took.
        decode_seconds: How long decoding took.
        cpu_seconds: Processor time of both, and the time waited for decoder processes.
    """

    contents: list[Content] = field(default_factory=list)
    pixels: list[Image] = field(default_factory=list)
    paged: list[Paged] = field(default_factory=list)
    unscored: list[Unscored] = field(default_factory=list)
    put_off: list[ObjectVersion] = field(default_factory=list)
    fetch_seconds: float = 0.0
    decode_seconds: float = 0.0
    cpu_seconds: float = 0.0


def no_layouts(digest: str) -> SheetLayout:
    """Give no layout, where none is expected."""
    raise ObjectGone(f"The layout {digest} is not kept.")


class Picture(NamedTuple):
    """A picture, and what of it wants an outcome: itself, or what a layout cuts out of it."""

    version: ObjectVersion
    places: Sequence[ObjectVersion]
    layout: SheetLayout | Unavailable | None


def picture_to_fetch(places: Sequence[ObjectVersion], layout_of: LayoutOf) -> Picture:
    """Say what has to be fetched for neighbours: a picture, and the layout that cuts it."""
    place = layout_place(places[0])
    if place is None:
        return Picture(places[0], places, None)
    try:
        return Picture(place.picture, places, layout_of(place.layout))
    except ObjectGone as error:
        return Picture(place.picture, places, Unavailable(f"{error} The next run keeps it anew."))


def known_answer(picture: Picture, limits: Limits) -> Fetched | None:
    """Answer for a picture of which is known what becomes of it; None if it has to be fetched."""
    version, _, layout = picture
    if isinstance(layout, Unavailable):
        return Fetched(layout, 0)
    if layout is not None and layout.rejection is not None:
        return Fetched(layout.rejection, 0)
    if is_misplaced_layout(version.key):
        detail = f"A {LAYOUT_FILE} counts at the top of a batch's folder only; put it there."
        return Fetched(Rejection(Reason.INVALID_LAYOUT, detail), 0)
    if not version.size:
        return Fetched(b"", 0)
    # Of an archive only the table of contents is read, and what is wrong with it is found there.
    opened = is_archive_key(version.key) and "!" not in version.etag
    if opened or version.size <= limits.max_bytes:
        return None
    advice = archive_advice(version.key)
    detail = f"{version.size} bytes; at most {limits.max_bytes} are accepted{advice}"
    return Fetched(Rejection(Reason.TOO_LARGE, detail), 0)


def take(
    minibatch: MiniBatch,
    picture: Picture,
    fetched: Fetched,
    limits: Limits,
    decoded: Decoded | None = None,
) -> None:
    """Decode what was fetched, unless it is decoded, and note what it gives for each place."""
    result: Decoded | Rejection | Outcome | Unavailable
    sha256: str | None = None
    match fetched.content:
        case bytes() as content if isinstance(picture.layout, SheetLayout):
            sha256 = hashlib.sha256(content).hexdigest()
            plane = load_plane(content, for_sheets(limits))
            if not isinstance(plane, Rejection):
                _take_places(minibatch, picture, fetched, sha256, picture.layout.cut(plane), plane)
                return
            result = plane
        case bytes() as content:
            sha256, result = hashlib.sha256(content).hexdigest(), decoded or decode(content, limits)
        case result:
            pass
    if isinstance(result, SeveralPages):
        minibatch.paged.append(Paged(picture.version, result.pages, len(picture.places)))
        return
    for version in picture.places:
        place = layout_place(version)
        named = sha256 and place and place_sha256(sha256, place)
        fields = version, fetched.attempts, named or sha256, fetched.metadata
        match result:
            case Decoded(pixels, warnings, pipeline, source):
                minibatch.pixels.append(pixels)
                minibatch.contents.append(Content(*fields, None, None, warnings, pipeline, source))
            case Rejection(reason, detail):
                minibatch.contents.append(Content(*fields, reason, detail))
            case why:
                minibatch.unscored.append(Unscored(version, why))


def _take_places(
    minibatch: MiniBatch,
    picture: Picture,
    fetched: Fetched,
    sha256: str,
    cuts: Sequence[Cut],
    plane: Plane,
) -> None:
    """Take what was cut out of a picture for all of its places that want an outcome."""
    for version in picture.places:
        place = layout_place(version)
        assert place is not None  # noqa: S101 - it has a layout
        one = cuts[place.number - 1]
        left, top, right, bottom = one.box
        crop = plane[top:bottom, left:right]
        content = Content(
            version,
            fetched.attempts,
            place_sha256(sha256, place),
            fetched.metadata,
            warnings=one.warnings,
            pipeline=BY_LAYOUT if len(one.candidates) else None,
            source=Source.of(crop) if len(one.candidates) and crop.size else None,
            cut=one,
        )
        minibatch.contents.append(content)
        minibatch.pixels += list(one.candidates)


def place_sha256(picture: str, place: LayoutPlace) -> str:
    """Name the content of a place: by that of its picture, the layout, and its number there.

    Args:
        picture: SHA-256 of the picture's file.
        place: What is cut out of it.
    """
    return hashlib.sha256(f"{picture}!{place.layout}!{place.number}".encode()).hexdigest()
