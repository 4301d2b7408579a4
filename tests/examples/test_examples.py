"""The examples are what their list says, and every one can be read."""

import csv
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist.images import Decoded, decode

FOLDER = Path(__file__).parents[2] / "examples"
with (FOLDER / "labels.csv").open(newline="") as listed:
    ROWS = list(csv.DictReader(listed))


def test_the_list_names_every_image_and_nothing_else() -> None:
    images = {path.name for path in FOLDER.iterdir() if path.suffix in {".png", ".jpg"}}
    assert {row["file"] for row in ROWS} == images
    assert len(ROWS) == 12
    assert {row["label"] for row in ROWS} == set("0123456789")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_every_example_is_a_digit_without_doubts(row: dict[str, str]) -> None:
    result = decode((FOLDER / row["file"]).read_bytes())
    assert isinstance(result, Decoded)
    assert result.warnings == ()
    assert result.pipeline == ("standard" if row["kind"] == "native" else "enhanced")


def test_they_can_be_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_examples.py", str(tmp_path)])
    runpy.run_path(str(FOLDER / "make_examples.py"), run_name="__main__")
    assert (tmp_path / "labels.csv").read_text() == (FOLDER / "labels.csv").read_text()
    for row in ROWS:
        drawn, kept = (
            cv2.imread(str(folder / row["file"]), cv2.IMREAD_UNCHANGED)
            for folder in (tmp_path, FOLDER)
        )
        assert np.abs(drawn.astype(int) - kept).mean() < 1, row["file"]
