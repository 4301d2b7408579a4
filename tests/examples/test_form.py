"""The example form: drawn by its script, cut by its layout, and its list says what is written."""

import csv
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist.digits import Outcome
from mnist.images import Limits, load_plane
from mnist.scoring.sheet_layouts import SheetLayout, for_sheets

EXAMPLES = Path(__file__).parents[2] / "examples"
FORM = EXAMPLES / "form"
with (FORM / "values.csv").open(newline="") as listed:
    ROWS = list(csv.DictReader(listed))


@pytest.fixture(scope="module")
def layout() -> SheetLayout:
    files = (FORM / name for name in ("_LAYOUT.json", "_TEMPLATE.png"))
    return SheetLayout.of(*(file.read_bytes() for file in files), Limits())


def test_the_layout_has_the_fields_of_the_list(layout: SheetLayout) -> None:
    assert layout.problem == ""
    assert ["file", *layout.names] == list(ROWS[0])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_every_field_is_cut_and_an_empty_one_is_empty(
    layout: SheetLayout, row: dict[str, str]
) -> None:
    plane = load_plane((FORM / row["file"]).read_bytes(), for_sheets(Limits()))
    for cut in layout.cut(plane):
        written = row[cut.place]
        assert cut.outcome is (None if written else Outcome.EMPTY), cut.place
        assert len(cut.candidates) >= len(written), cut.place


def test_it_can_be_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_form.py", str(tmp_path)])
    monkeypatch.syspath_prepend(str(EXAMPLES))
    runpy.run_path(str(EXAMPLES / "make_form.py"), run_name="__main__")
    for name in ("_LAYOUT.json", "values.csv"):
        assert (tmp_path / "form" / name).read_text() == (FORM / name).read_text()
    for name in ("_TEMPLATE.png", *(row["file"] for row in ROWS)):
        drawn, kept = (
            cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)
            for folder in (tmp_path / "form", FORM)
        )
        assert np.abs(drawn.astype(int) - kept).mean() < 1, name
