"""Layouts as batches begin with them: their names, and pictures that nothing can be cut out of."""

import numpy as np
import pytest

from mnist.digits import Reason
from mnist.images import Limits, Rejection
from mnist.scoring import sheet_layouts
from mnist.scoring.sheet_layouts import SheetLayout
from tests.factories import version
from tests.sheets import layout, png_of, strip

FIELDS = {"a": {"box": [0, 0, 0.5, 1]}, "b": {"box": [0.5, 0, 0.501, 0.001]}}
FORM = layout(fields=FIELDS)


def of(content, template=None, problem=""):
    return SheetLayout.of(content, template, Limits(), problem)


def test_a_digest_names_what_a_layout_says_and_its_template():
    template, other = png_of(strip("12")), png_of(strip("34"))
    digests = [of(FORM).digest, of(FORM, template).digest, of(FORM, other).digest]
    digests += [of(layout(digits=3)).digest, of(b"{").digest, of(b"{", problem="x").digest]
    assert len(set(digests)) == 6
    assert of(b"\n" + FORM).digest == of(FORM).digest
    assert all(len(digest) == 40 for digest in digests)


def test_a_layout_of_no_use_takes_every_picture_for_one_place_and_says_why():
    broken = of(b'{"grid": [0, 1]}')
    assert broken.rejection is not None
    assert broken.rejection.reason is Reason.INVALID_LAYOUT
    (place,) = broken.places(version("b/1.png"))
    assert place.key == "b/1.png"
    assert of(FORM).rejection is None


@pytest.mark.parametrize("shape", [(4, 8), (8, 4), (4, 3_000), (28, 28)])
@pytest.mark.parametrize("grey", [0, 255])
def test_every_picture_however_small_gets_an_answer_for_each_place(shape, grey):
    plane = np.full(shape, grey, np.uint8)
    for says in (FORM, layout(grid=[46, 25]), layout(digits=5), layout(digits="auto")):
        sheet = of(says)
        cuts = sheet.cut(plane)
        assert [cut.place for cut in cuts] == list(sheet.names)


def test_a_fault_of_the_cutting_rejects_one_picture_and_ends_no_run(monkeypatch):
    def fails(*_):
        raise ValueError("zero-size array")

    monkeypatch.setattr(sheet_layouts, "cut", fails)
    for cut in of(FORM).cut(np.zeros((50, 50), np.uint8)):
        assert isinstance(cut.outcome, Rejection)
        assert cut.outcome.reason is Reason.NOT_ALIGNED
        assert "zero-size array" in cut.outcome.detail
