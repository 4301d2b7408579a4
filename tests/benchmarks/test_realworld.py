"""The real-world benchmark counts what it reads."""

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import realworld
from tests.factories import digit_images, template_graph


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Three readable digits, one of them labelled wrong, and a file that is no image."""
    rows = [("file", "label", "kind")]
    for digit, label in ((1, 1), (7, 7), (8, 3)):
        cv2.imwrite(str(tmp_path / f"{digit}.png"), digit_images(np.array([digit]))[0])
        rows.append((f"{digit}.png", str(label), "drawn"))
    (tmp_path / "page.png").write_text("<html>")
    rows.append(("page.png", "4", "scan"))
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "labels.csv"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["realworld", *arguments])
    realworld.main()


def test_the_last_line_is_json_with_the_documented_keys(
    labels: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = tmp_path / "templates.onnx"
    template_graph(model)
    _run(monkeypatch, "--labels", str(labels), "--model", str(model), "--accept-confidence", "0")
    table, last = capsys.readouterr().out.strip().rsplit("\n", 1)
    result = json.loads(last)
    assert result["images"] == 4
    assert result["accuracy"] == 0.5
    assert result["by_kind"] == {"drawn": 0.6667, "scan": 0.0}
    assert result["rejected"] == 1
    assert result["reviewed"] == 0
    assert 0 < result["mean_confidence"] <= 1
    assert "| drawn | 3 |" in table


def test_what_is_missing_is_named(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("file,digit\n")
    model = tmp_path / "templates.onnx"
    template_graph(model)
    with pytest.raises(SystemExit, match="no column kind, label"):
        _run(monkeypatch, "--labels", str(bad), "--model", str(model))
