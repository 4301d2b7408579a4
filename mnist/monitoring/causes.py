"""The cause of a change, as far as rows tell one from another."""

from collections.abc import Mapping
from types import MappingProxyType

from mnist.digits import CodeWithSentence


class Cause(CodeWithSentence):
    """What has changed in the world outside."""

    BRIGHTNESS = "brightness", "The paper is lighter or darker: look at lamp, exposure or export."
    CONTRAST = "contrast", "Ink and paper are closer together or further apart than before."
    SIZE = "size", "The pictures have another resolution."
    BLUR = "blur", "Edges are softer or harder: look at focus, glass or compression."
    FORM = "form", "The fields have another shape or are cut in another way: look at the form."
    REJECTS = "rejects", "More or fewer files hold no digit at all."
    PEN = "pen", "Strokes are thicker or thinner on the same pictures: another pen."
    WRITERS = "writers", "The same pen writes other shapes: other people."
    MIX = "mix", "The digits come in other shares."


_OF_PICTURES = {
    "rejected": Cause.REJECTS,
    "shape": Cause.FORM,
    "framed": Cause.FORM,
    "size": Cause.SIZE,
    "sharpness": Cause.BLUR,
    "contrast": Cause.CONTRAST,
    "brightness": Cause.BRIGHTNESS,
}

PICTURE_CAUSES = frozenset(_OF_PICTURES.values())
"""Causes in the pictures themselves, before anybody looks for a digit in them."""

_WRITING = {"ink", "coverage", "confidence", "ood score", "answers"}

_EXPLAINS = {
    Cause.FORM: {Cause.SIZE, Cause.BLUR, Cause.REJECTS},
    Cause.SIZE: {Cause.BLUR},
    Cause.BLUR: {Cause.CONTRAST},
    Cause.CONTRAST: {Cause.BRIGHTNESS},
}
"""What a cause brings about by itself: another cut has another size, a blur takes contrast."""


_PEN_OVER_SHAPES = 1.5
"""A pen moves the pictures by so much more than the digits made of them, whose strokes are drawn
anew in one thickness."""


def causes_of(
    moved: Mapping[str, float], distances: Mapping[str, float] = MappingProxyType({})
) -> tuple[Cause, ...]:
    """Name the causes of a change.

    A cause that another one brings about is not named: thicker strokes have harder edges, and are
    no better lens. The writing cannot be judged while the pictures themselves have changed, so then
    no cause in it is named; the shares of the digits can.

    Args:
        moved: Name of each measure that has moved -> by how much it is larger than before.
        distances: Name of each measure that was compared -> its distance, 0-1.
    """
    is_pen = moved.get("coverage", 0.0) * moved.get("sharpness", 0.0) > 0
    pictures = {_OF_PICTURES[name] for name in moved if name in _OF_PICTURES}
    pictures -= {Cause.BLUR} if is_pen else set()
    explained = {cause for one in pictures for cause in _EXPLAINS.get(one, ())}
    causes = pictures - explained
    if not pictures and _WRITING & moved.keys():
        causes.add(Cause.PEN if _is_pen(moved, distances) else Cause.WRITERS)
    if "digit" in moved:
        causes.add(Cause.MIX)
    return tuple(cause for cause in Cause if cause in causes)


def _is_pen(moved: Mapping[str, float], distances: Mapping[str, float]) -> bool:
    """Tell a pen from people: where both may be, by whether the shapes have moved as far."""
    if "answers" not in moved:
        return bool({"ink", "coverage"} & moved.keys())
    return distances.get("coverage", 0.0) > _PEN_OVER_SHAPES * distances.get("ink", 1.0)
