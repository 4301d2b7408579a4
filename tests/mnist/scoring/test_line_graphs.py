"""The line network that a scoring graph carries: under its digest, and refused if it is none."""

import base64
import hashlib

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mnist.errors import IntegrityError
from mnist.layouts.line_images import LINE_HEIGHT, STRIDE
from mnist.layouts.sequences import ANSWERS
from mnist.scoring.graphs import Predictor
from mnist.scoring.line_graphs import attach_line_graph
from tests.factories import template_graph


@pytest.fixture
def graph(tmp_path):
    path = tmp_path / "model.onnx"
    return path, template_graph(path)


@pytest.fixture(scope="module")
def line_graph():
    """A network that weighs the columns of each step: real, and not trained."""
    weights = np.random.default_rng(0).normal(size=(ANSWERS, LINE_HEIGHT, STRIDE)) / 255
    stride = {"kernel_shape": [STRIDE], "strides": [STRIDE]}
    nodes = [
        helper.make_node("Cast", ["lines"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["floats", "weights"], ["columns"], **stride),
        helper.make_node("Transpose", ["columns"], ["logits"], perm=[0, 2, 1]),
        helper.make_node("LogSoftmax", ["logits"], ["steps"], axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "lines",
        [helper.make_tensor_value_info("lines", TensorProto.UINT8, ["n", LINE_HEIGHT, "w"])],
        [helper.make_tensor_value_info("steps", TensorProto.FLOAT, ["n", "t", ANSWERS])],
        [numpy_helper.from_array(weights.astype(np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def test_the_line_network_comes_with_the_graph(graph, line_graph):
    path, _ = graph
    predictor = Predictor(path, attach_line_graph(path, line_graph))
    scores = predictor.predict_line(np.full((LINE_HEIGHT, 10 * STRIDE), 99, np.uint8))
    assert scores.shape == (10, ANSWERS)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-5)


def test_a_graph_that_carries_none_predicts_no_line(graph):
    assert Predictor(*graph).predict_line(np.zeros((LINE_HEIGHT, 40), np.uint8)) is None


def test_what_a_graph_carries_changes_its_digest_and_not_what_it_predicts(graph, line_graph):
    path, digest = graph
    images = np.random.default_rng(0).integers(0, 256, (9, 28, 28), dtype=np.uint8)
    before = Predictor(path, digest).predict(images)
    carrying = attach_line_graph(path, line_graph)
    assert carrying != digest
    np.testing.assert_array_equal(Predictor(path, carrying).predict(images), before)
    with pytest.raises(IntegrityError, match="was recorded"):
        Predictor(path, digest)


def test_other_notes_in_the_file_are_kept(graph, line_graph):
    path, _ = graph
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"author": "ada"})
    onnx.save(model, path)
    attach_line_graph(path, line_graph)
    assert {entry.key for entry in onnx.load(path).metadata_props} == {"author", "line-network"}


@pytest.mark.parametrize("carried", ["no base85 \x7f", base64.b85encode(b"\x80\x04.").decode()])
def test_what_is_no_graph_is_refused(graph, carried):
    path, _ = graph
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"line-network": carried})
    onnx.save(model, path)
    with pytest.raises(IntegrityError, match="is no line network"):
        Predictor(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_graph_of_single_digits_is_no_line_network(graph):
    path, _ = graph
    with pytest.raises(IntegrityError, match="lines in"):
        Predictor(path, attach_line_graph(path, path.read_bytes()))
