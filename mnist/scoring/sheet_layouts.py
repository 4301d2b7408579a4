"""A layout as a batch began with it: what its file says, the empty form, or why it is of no use."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import cv2
import structlog

from mnist.digits import Reason
from mnist.errors import InvalidLayout
from mnist.images import Limits, Rejection, load_plane
from mnist.images.results import Plane
from mnist.keys import ObjectVersion
from mnist.layouts import Cut, Layout, cut
from mnist.layouts.parameters import LAYOUT_PARAMETERS
from mnist.layouts.results import without_digits
from mnist.places import layout_versions

_DIGEST_LENGTH = 40
_WHOLE = ("",)
_FAULTS = (cv2.error, ValueError, IndexError, ArithmeticError)
"""What numerical code raises over pictures that nobody has thought of."""

_log = structlog.get_logger(__name__)


def for_sheets(limits: Limits) -> Limits:
    """Return the same limits for pictures that a layout cuts, of which more pixels are needed."""
    return replace(limits, longest_side=LAYOUT_PARAMETERS.longest_side)


@dataclass(frozen=True, eq=False, slots=True)
class SheetLayout:
    """By what the pictures of a batch are cut.

    Attributes:
        content: What `_LAYOUT.json` holds.
        template: The file of the empty form; None if there is none.
        digest: Names all of it: another layout or template has another one.
        names: Of the places, in reading order; of a layout of no use, of one that is the picture.
        problem: Why nothing can be cut by it, in one sentence; empty if it can.
        layout: What it says; None if it is of no use.
        empty_form: The template, decoded.
    """

    content: bytes
    template: bytes | None
    digest: str
    names: Sequence[str]
    problem: str
    layout: Layout | None
    empty_form: Plane | None

    @classmethod
    def of(cls, content: bytes, template: bytes | None, limits: Limits, problem: str = "") -> Self:
        """Read a layout, whatever is wrong with it.

        Args:
            content: What `_LAYOUT.json` holds.
            template: The file of the empty form; None if there is none.
            limits: Of that file.
            problem: What is known to be wrong with it.
        """
        layout = empty_form = None
        try:
            layout = Layout.parse(content)
        except InvalidLayout as error:
            problem = problem or str(error)
        if layout is not None and layout.template and template is None:
            problem = problem or (
                f"The layout names the template {layout.template!r}, which is not there; put it "
                "beside the layout."
            )
        if layout is not None and template is not None:
            decoded = load_plane(template, for_sheets(limits))
            if isinstance(decoded, Rejection):
                problem = problem or f"The layout's template cannot be decoded: {decoded.detail}"
            else:
                empty_form = decoded
        if problem:
            layout = None
        names = _WHOLE if layout is None else layout.places()
        text = hashlib.sha256(content).hexdigest() if layout is None else layout.digest
        form = template and hashlib.sha256(template).hexdigest()
        named = json.dumps({"layout": text, "template": form, "problem": problem}, sort_keys=True)
        digest = hashlib.sha256(named.encode()).hexdigest()[:_DIGEST_LENGTH]
        return cls(content, template, digest, names, problem, layout, empty_form)

    def places(self, picture: ObjectVersion) -> Iterator[ObjectVersion]:
        """Name what is cut out of a picture, without opening it."""
        return layout_versions(picture, self.names, self.digest)

    @property
    def rejection(self) -> Rejection | None:
        """Why every picture is rejected; None if the layout can be used."""
        return Rejection(Reason.INVALID_LAYOUT, self.problem) if self.problem else None

    def cut(self, plane: Plane) -> list[Cut]:
        """Cut a picture: one answer for each place, in the order of `names`.

        A picture over which the cutting fails is rejected in each: it must end no run.

        Args:
            plane: Upright and grey, shape (h, w).
        """
        layout = self.layout
        assert layout is not None  # noqa: S101 - whoever cuts has asked for the rejection
        try:
            return cut(plane, layout, self.empty_form)
        except _FAULTS as error:
            _log.exception("layout.fault", layout=self.digest, shape=plane.shape)
            height, width = plane.shape
            sentence = f"The picture of {width}x{height} pixels could not be cut: {error}."
            why = Rejection(Reason.NOT_ALIGNED, sentence)
            box = (0, 0, width, height)
            return [without_digits(name, box, layout.content_of(name), why) for name in self.names]
