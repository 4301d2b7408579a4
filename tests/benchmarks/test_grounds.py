"""The benchmark of grounds predicts with a file where no stack runs."""

import json
import os
import sys

import pytest

from benchmarks import grounds
from benchmarks.pages import GROUNDS
from tests.factories import template_graph


@pytest.mark.skipif("MNIST_DATA_DIR" not in os.environ, reason="MNIST_DATA_DIR is not set")
def test_a_file_needs_no_stack(tmp_path, monkeypatch, capsys):
    template_graph(tmp_path / "model.onnx")
    thresholds = ["--accept-confidence", "0.5", "--ood-threshold", "1"]
    arguments = ["--model", str(tmp_path / "model.onnx"), *thresholds, "--images", "1"]
    monkeypatch.setattr(sys, "argv", ["grounds", *arguments])
    grounds.main()
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(last["by_ground"]) == set(GROUNDS)
