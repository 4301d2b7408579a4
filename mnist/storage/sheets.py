"""Pictures that layouts cut, for people who look at one place of them after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import cv2
from cachetools import LRUCache

from mnist.digits import Image, Outcome, Reason
from mnist.errors import ObjectChanged, ObjectGone, Unavailable
from mnist.images import Decoded, Inspection, Limits, Rejection, Stage, load_plane
from mnist.images.results import Plane, Source
from mnist.keys import ObjectVersion
from mnist.layouts import Cut, PageBox
from mnist.layouts.drawn_cuts import digits_between
from mnist.places import layout_place
from mnist.scoring.pictures import BY_LAYOUT, Fetched
from mnist.scoring.sheet_layouts import for_sheets
from mnist.storage.layouts import StoredLayouts

_REMEMBERED = 4
_TURNS = 4

FetchMany = Callable[[Sequence[ObjectVersion]], Iterator[Fetched]]


@dataclass(frozen=True, eq=False, slots=True)
class CutPlace:
    """One place of a picture.

    Attributes:
        picture: The whole picture, upright and grey, shape (h, w), uint8.
        cut: What was cut out of it.
    """

    picture: Plane
    cut: Cut

    @property
    def crop(self) -> Plane:
        """What lies in its box."""
        left, top, right, bottom = self.cut.box
        return self.picture[top:bottom, left:right]

    @property
    def decoded(self) -> Decoded | Rejection:
        """The one digit in it as a model is shown it, or why there is not one."""
        cut = self.cut
        if isinstance(cut.outcome, Rejection):
            return cut.outcome
        if cut.outcome is not None:
            return Rejection(Reason.BLANK, f"The place {cut.place!r} is empty.")
        # Where one digit is declared, it is the candidate from the first boundary to the last one.
        whole = [
            image
            for image, segment in zip(cut.candidates, cut.segments, strict=True)
            if (segment.start, segment.end) == (0, cut.last)
        ]
        if cut.content.count != 1 or not whole:
            return Rejection(Reason.SEVERAL_DIGITS, f"The place {cut.place!r} holds a value.")
        return Decoded(whole[0], cut.warnings, BY_LAYOUT, Source.of(self.crop))

    def images_between(self, columns: Sequence[int]) -> list[Image]:
        """Return the images of the digits between columns of the picture, from left to right."""
        return [digit.image for digit in digits_between(self.picture, self.cut, columns)]

    def images_in(self, boxes: Sequence[PageBox]) -> list[Image] | None:
        """Return the images of the digits that lie in these boxes; None if one is cut otherwise."""
        images = dict(
            zip((segment.box for segment in self.cut.segments), self.cut.candidates, strict=True)
        )
        return [images[box] for box in boxes] if images.keys() >= {*boxes} else None

    @property
    def inspection(self) -> Inspection:
        """How it got to what a model is shown, stage by stage."""
        stages = [Stage("what was cut out", self.crop)]
        result = self.decoded
        if isinstance(result, Decoded):
            stages.append(Stage("result", result.pixels))
        return Inspection(tuple(stages), result)

    @property
    def png(self) -> bytes:
        """That as a file."""
        return bytes(cv2.imencode(".png", self.crop)[1])


class Sheets:
    """Cuts pictures, and remembers the last few of them.

    Args:
        fetch: Fetches the picture that a place lies in.
        layouts: The layouts that are kept; None if there are none.
        limits: Of a picture.
    """

    def __init__(self, fetch: FetchMany, layouts: StoredLayouts | None, limits: Limits) -> None:
        self._fetch = fetch
        self._layouts = layouts
        self._limits = for_sheets(limits)
        self._sheets: LRUCache[tuple[ObjectVersion, str], tuple[Plane, list[Cut]]]
        self._sheets = LRUCache(_REMEMBERED)
        self._lock = Lock()
        self._turns = [Lock() for _ in range(_TURNS)]

    def cut_out(self, version: ObjectVersion) -> CutPlace:
        """Cut one place out of its picture.

        Raises:
            ObjectGone: If picture or layout were deleted, or nothing can be cut out of it.
            ObjectChanged: If the picture was overwritten.
            Unavailable: If the store does not answer.
        """
        place = layout_place(version)
        if place is None:
            raise ObjectGone(f"{version.key} is cut out of no picture.")
        name = place.picture, place.layout
        with self._turns[hash(name) % _TURNS]:
            with self._lock:
                sheet = self._sheets.get(name)
            if sheet is None:
                sheet = self._cut(version, place.layout)
                with self._lock:
                    self._sheets[name] = sheet
        picture, cuts = sheet
        return CutPlace(picture, cuts[place.number - 1])

    def _cut(self, version: ObjectVersion, digest: str) -> tuple[Plane, list[Cut]]:
        if self._layouts is None:
            raise ObjectGone(f"{version.key} cannot be cut out: no layouts are kept.")
        layout = self._layouts.get(digest)
        match next(self._fetch([version])).content:
            case bytes() as content:
                picture = layout.rejection or load_plane(content, self._limits)
            case Unavailable() as error:
                raise error
            case Outcome.SUPERSEDED:
                raise ObjectChanged(f"The file that held {version.key} was overwritten.")
            case why:
                raise ObjectGone(f"{version.key} cannot be fetched: {why}.")
        if isinstance(picture, Rejection):
            raise ObjectGone(f"{version.key} cannot be cut out: {picture.detail}")
        return picture, layout.cut(picture)
