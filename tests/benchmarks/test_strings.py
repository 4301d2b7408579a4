"""What `benchmarks.strings` counts of values, and what its peer is asked."""

import csv
import sys
from types import ModuleType

import cv2
import numpy as np
import pytest

from benchmarks.deployed import Deployed
from benchmarks.ocr_peer import recognizer
from benchmarks.strings import Value, listed_values, summary
from mnist.digits import Outcome
from mnist.errors import InvalidInput
from mnist.layouts import PlacePrediction
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from tests.factories import template_graph
from tests.sheets import strip


def value(label, predicted, *, accepted=False):
    outcome = Outcome.SCORED if predicted else Outcome.EMPTY
    prediction = PlacePrediction("", (0, 0, 9, 9), outcome, predicted, accepted=accepted)
    return Value("spaced", label, prediction)


def test_positions_values_and_cuts_are_counted_each_by_itself():
    row = summary(
        [
            value("0042", "0042", accepted=True),
            value("0042", "0043", accepted=True),
            value("0042", "042"),
            Value("spaced", "0042", None),
        ]
    )
    assert row["positions"] == round((4 + 3 + 1) / 16, 4)
    assert row["value_accuracy"] == 0.25
    assert row["cuts_wrong"] == 2
    assert (row["accepted"], row["wrong_accepted"]) == (2, 1)
    low, high = row["wrong_accepted_interval"]
    assert 0 < low < 0.5 < high < 1


def test_an_empty_cell_that_is_empty_is_right():
    assert summary([value("", "")])["value_accuracy"] == 1


@pytest.fixture
def model(tmp_path):
    digest = template_graph(path := tmp_path / "model.onnx")
    pinned = PinnedModel("digits", "file", digest, accept_confidence=0.9)
    return Deployed(pinned, Predictor(path, digest))


def test_a_list_is_predicted_both_ways_and_by_the_peer(model, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), strip("4071", gap=14))
    with (tmp_path / "labels.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([["file", "label", "kind"], ["a.png", "4071", "amounts"]])
    peer = {"answer": "407"}
    values = list(listed_values(model, [tmp_path / "labels.csv"], lambda _plane: peer["answer"]))
    assert [(v.kind, v.value) for v in values] == [
        ("amounts, peer", "407"),
        ("amounts", "4071"),
        ("amounts, auto", "4071"),
    ]


def test_a_peer_that_is_not_installed_says_where_that_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    with pytest.raises(InvalidInput, match="is installed"):
        recognizer()


def test_of_the_peers_text_only_digits_count(monkeypatch):
    engine = ModuleType("rapidocr_onnxruntime")
    engine.RapidOCR = lambda: lambda _image, **_switches: ([["l4 O71", 0.9]], None)
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", engine)
    assert recognizer()(np.zeros((9, 9), np.uint8)) == "471"
