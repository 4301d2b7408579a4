"""The real-world benchmark counts what it reads, and what a person has to look at."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks import realworld
from tests.factories import digit_images, template_graph

ALL_ACCEPTED = ("--accept-confidence", "0", "--ood-threshold", "1")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A scoring graph that reads the drawn digits."""
    path = tmp_path / "templates.onnx"
    template_graph(path)
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Three readable digits, one of them labelled wrong, two side by side, and no image."""
    folder = tmp_path / "strangers"
    folder.mkdir()
    rows = [("file", "label", "kind")]
    for digit, label in ((1, 1), (7, 7), (8, 3)):
        cv2.imwrite(str(folder / f"{digit}.png"), digit_images(np.array([digit]))[0])
        rows.append((f"{digit}.png", str(label), "drawn"))
    cv2.imwrite(str(folder / "two.png"), np.hstack(digit_images(np.array([0, 0]))))
    (folder / "page.png").write_text("<html>")
    rows += [("two.png", "5", "scan"), ("page.png", "4", "scan")]
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder / "labels.csv"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A list without kinds, in another form, whose images lie in a folder of their own."""
    folder = tmp_path / "own" / "images"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "2.png"), digit_images(np.array([2]))[0])
    (tmp_path / "own" / "labels.csv").write_bytes("\ufeffFile;Label\r\n2.png;2.0\r\n".encode())
    return tmp_path / "own" / "labels.csv"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["realworld", *map(str, arguments)])
    realworld.main()


def _last(capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, Any]]:
    table, last = capsys.readouterr().out.strip().rsplit("\n", 1)
    return table, json.loads(last)


def test_the_last_line_is_json_with_the_documented_keys(
    labels: Path,
    plain: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _run(monkeypatch, "--labels", labels, plain, "--model", model, *ALL_ACCEPTED)
    table, result = _last(capsys)
    assert result["images"] == 6
    assert result["accuracy"] == 0.5
    assert result["by_kind"] == {"drawn": 0.6667, "own": 1.0, "scan": 0.0}
    assert result["by_source"] == {"own": 1.0, "strangers": 0.4}
    assert result["rejected"] == 2  # of them one that shows two digits
    assert result["reviewed"] == 0
    assert result["accepted"] == 4
    assert result["wrong_accepted"] == 1
    assert result["wrong_accepted_interval"] == [0.00631, 0.80588]
    assert 0 < result["mean_confidence"] <= 1
    assert "| kind drawn | 3 |" in table
    assert "| source own | 1 |" in table


def test_the_threshold_decides_what_a_person_looks_at(
    labels: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(monkeypatch, "--labels", labels, "--model", model, *ALL_ACCEPTED[2:],
         "--accept-confidence", 1.1)  # fmt: skip
    _, result = _last(capsys)
    assert (result["reviewed"], result["accepted"], result["wrong_accepted"]) == (3, 0, 0)
    assert result["wrong_accepted_interval"] == [0.0, 1.0]


def test_what_was_read_wrong_is_drawn(
    labels: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "wrong.png"
    _run(monkeypatch, "--labels", labels, "--model", model, *ALL_ACCEPTED, "--sheet", sheet)
    picture = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    columns = picture[:112].min(axis=0).reshape(6, -1).min(axis=1)
    assert (columns < 128).tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("file,digit\n", "no column label"),
        ("file,label\n1.png,seven\n", "line 2 has the label 'seven'"),
        ("file,label\nmissing.png,7\n", "line 2 names 'missing.png'"),
    ],
)
def test_what_is_missing_is_named(
    content: str, complaint: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(content)
    with pytest.raises(SystemExit, match=complaint):
        _run(monkeypatch, "--labels", bad, "--model", model, *ALL_ACCEPTED)
