"""Known label errors: public facts, applied to MNIST's test labels and to nothing else."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from mnist.evaluation import known_label_errors as module
from mnist.evaluation.known_label_errors import MNIST_TEST, known_label_errors


def test_there_are_ten_wrong_and_five_undecidable_labels():
    majorities = [majority for _, majority in MNIST_TEST.values()]

    assert len(majorities) == 15
    assert majorities.count(None) == 5


def test_a_correction_corrects():
    assert all(label != majority for label, majority in MNIST_TEST.values())
    assert all(0 <= index < 10_000 for index in MNIST_TEST)


def test_other_labels_have_no_known_errors():
    labels = np.random.default_rng(0).integers(0, 10, 10_000)

    assert known_label_errors(labels) == {}


def test_labels_are_recognised_by_their_bytes(monkeypatch):
    labels = np.random.default_rng(0).integers(0, 10, 10_000)
    digest = hashlib.sha256(bytes(labels.tolist())).hexdigest()
    monkeypatch.setattr(module, "MNIST_TEST_LABELS_SHA256", digest)

    assert known_label_errors(labels)[947] == 9
    assert known_label_errors(labels)[2130] is None
    assert known_label_errors(labels[::-1].copy()) == {}


@pytest.mark.skipif("MNIST_DATA_DIR" not in os.environ, reason="MNIST_DATA_DIR is not set")
def test_the_given_labels_are_those_of_mnist():
    from mnist.data.idx import parse_idx

    path = Path(os.environ["MNIST_DATA_DIR"]) / "t10k-labels-idx1-ubyte.gz"
    labels = parse_idx(path.read_bytes(), path.name).astype(np.int64)

    assert len(known_label_errors(labels)) == 15
    assert all(labels[index] == label for index, (label, _) in MNIST_TEST.items())
