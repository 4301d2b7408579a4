"""Which grey levels are ink, whatever is printed along the frame."""

import cv2
import numpy as np
import pytest

from mnist.images import Decoded, decode
from mnist.images.polarity import levels_of
from tests.pictures import seven


def _boxed(inset: float, thickness: int, sides: str, grey: int = 60) -> np.ndarray:
    """A seven in a printed box, of which only some sides are in the picture."""
    plane = seven(200, 200, ink=40, ground=235)
    at = round(inset * 200)
    lines = {
        "t": np.s_[at : at + thickness],
        "b": np.s_[200 - at - thickness : 200 - at],
        "l": np.s_[:, at : at + thickness],
        "r": np.s_[:, 200 - at - thickness : 200 - at],
    }
    for side in sides:
        plane[lines[side]] = grey
    return plane


@pytest.mark.parametrize("inset", [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1])
@pytest.mark.parametrize("thickness", [1, 3, 5])
@pytest.mark.parametrize("sides", ["t", "tl", "tlb", "tblr"])
def test_a_box_line_at_any_depth_does_not_turn_ink_and_paper_around(
    inset: float, thickness: int, sides: str
) -> None:
    plane = _boxed(inset, thickness, sides)
    assert not levels_of(plane).light_on_dark
    assert levels_of(255 - plane).light_on_dark


@pytest.mark.parametrize("turns", range(4))
def test_a_picture_turned_by_a_quarter_gives_the_digit_turned(turns: int) -> None:
    """Also in deep shadow: no step prefers a direction."""
    x = np.arange(360)
    plane = seven(300, 360, ink=20, ground=235) * (1 - 0.7 / (1 + np.exp((x - 150) / 5)))
    plane = np.asarray(plane, np.uint8)
    upright, turned = (
        decode(cv2.imencode(".png", picture)[1].tobytes())
        for picture in (plane, np.ascontiguousarray(np.rot90(plane, turns)))
    )
    assert isinstance(upright, Decoded)
    assert isinstance(turned, Decoded)
    back = np.rot90(turned.pixels, -turns)
    shifts = [np.roll(back, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    likeness = [np.corrcoef(each.ravel(), upright.pixels.ravel())[0, 1] for each in shifts]
    assert max(likeness) > 0.95
