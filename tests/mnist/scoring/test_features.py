"""Features of the penultimate layer, and who is near whom."""

import hashlib

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mnist.errors import IntegrityError
from mnist.evaluation.embedding import embed, worth_a_place
from mnist.scoring.features import FeatureExtractor, nearest
from tests.factories import digit_images, template_graph

LABELS = np.tile(np.arange(10), 3)


@pytest.fixture
def extractor(tmp_path):
    path = tmp_path / "graph.onnx"
    return FeatureExtractor(path, template_graph(path))


def test_features_are_what_goes_into_the_last_dense_layer(extractor):
    """That graph has one dense layer, whose inputs are the pixels."""
    images = digit_images(LABELS)
    pixels = images.reshape(len(images), -1).astype(np.float32)
    expected = pixels / np.linalg.norm(pixels, axis=1, keepdims=True)
    assert extractor.features(images) == pytest.approx(expected, abs=1e-6)


def test_an_ensemble_has_the_features_of_every_member(tmp_path):
    weights = [np.full((784, 10), value, np.float32) for value in (0.0, 1.0)]
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("Relu", ["flat"], ["hidden"]),
        helper.make_node("MatMul", ["flat", "w0"], ["one"]),
        helper.make_node("MatMul", ["hidden", "w1"], ["other"]),
        helper.make_node("Add", ["one", "other"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "ensemble",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 28, 28])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(each, f"w{i}") for i, each in enumerate(weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "ensemble.onnx"
    onnx.save(model, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert FeatureExtractor(path, digest).features(digit_images(LABELS)).shape == (30, 2 * 784)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "graph.onnx"
    template_graph(path)
    with pytest.raises(IntegrityError, match="fetch the model version again"):
        FeatureExtractor(path, "0" * 64)


def test_the_nearest_are_those_of_the_same_digit(extractor):
    features = extractor.features(digit_images(LABELS))
    found = nearest(features, features[4], 3)
    assert set(LABELS[found]) == {4}
    assert nearest(features, features[4], 100).shape == (30,)


def test_a_blank_image_has_features_too(extractor):
    assert not extractor.features(np.zeros((1, 28, 28), np.uint8)).any()


def test_every_mistake_and_close_call_gets_its_place_on_the_map():
    probabilities = np.eye(10, dtype=np.float32)[np.tile(np.arange(10), 100)] * 0.9 + 0.01
    labels = np.tile(np.arange(10), 100)
    labels[::50] = (labels[::50] + 1) % 10
    probabilities[7] = 0.1
    chosen = worth_a_place(labels, probabilities, count=100)
    assert len(chosen) == len(set(chosen)) == 100
    assert {*range(0, 1000, 50), 7} <= set(chosen)
    assert worth_a_place(labels, probabilities, count=5_000).tolist() == list(range(1000))


def test_a_map_keeps_what_is_alike_together():
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1], 60)
    features = generator.normal(size=(120, 20)).astype(np.float32) + 20 * groups[:, None]
    places = embed(features.astype(np.float32))
    assert places.shape == (120, 2)
    centres = [places[groups == group].mean(axis=0) for group in (0, 1)]
    own = np.linalg.norm(places - np.array(centres)[groups], axis=1)
    other = np.linalg.norm(places - np.array(centres)[1 - groups], axis=1)
    assert (own < other).all()
    assert embed(features[:40]).shape == (40, 2)
