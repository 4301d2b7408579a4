"""The out-of-distribution score: a second output of the graph that leaves the first as it was."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mnist.digits import Images
from mnist.errors import IntegrityError
from mnist.scoring.graphs import Predictor
from mnist.scoring.ood import add_ood_score, fit
from tests.factories import digit_images, template_graph


def shifted_digits(count: int) -> Images:
    """Drawn digits, each moved by up to two pixels."""
    rng = np.random.default_rng(0)
    images = digit_images(np.arange(count) % 10)
    moves = rng.integers(-2, 3, (count, 2))
    return np.stack(
        [np.roll(image, tuple(move), (0, 1)) for image, move in zip(images, moves, strict=True)]
    )


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ood") / "model.onnx"
    template_graph(path)
    return path


@pytest.fixture(scope="module")
def scored(graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    path = tmp_path_factory.mktemp("ood") / "scored.onnx"
    path.write_bytes(graph.read_bytes())
    return Predictor(path, add_ood_score(path, shifted_digits(500)))


def test_the_probabilities_stay_bit_for_bit(graph, scored):
    before = Predictor(graph, hashlib.sha256(graph.read_bytes()).hexdigest())
    images = shifted_digits(50)
    np.testing.assert_array_equal(scored.predict(images), before.predict(images))


def test_noise_is_less_like_a_digit_than_any_digit(scored):
    noise = np.random.default_rng(1).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    unseen = shifted_digits(700)[500:]
    assert scored.outputs(noise).ood_scores.min() > scored.outputs(unseen).ood_scores.max()


def test_the_score_is_the_same_alone_and_among_others(scored):
    images = shifted_digits(20)
    alone = [scored.outputs(image[None]).ood_scores[0] for image in images]
    np.testing.assert_allclose(alone, scored.outputs(images).ood_scores, atol=1e-5)


def test_a_graph_without_the_output_has_no_score(graph):
    predictor = Predictor(graph, hashlib.sha256(graph.read_bytes()).hexdigest())
    assert np.isnan(predictor.outputs(shifted_digits(3)).ood_scores).all()


def test_a_graph_without_logits_is_refused(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["probabilities"])],
        "no-network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 10])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
    )
    onnx.save(helper.make_model(graph), str(tmp_path / "model.onnx"))
    with pytest.raises(IntegrityError, match="no linear layer"):
        add_ood_score(tmp_path / "model.onnx", shifted_digits(3))


def test_the_subspace_holds_what_varies_most():
    rng = np.random.default_rng(2)
    varying = rng.normal(0, 10, (1_000, 3)) @ np.eye(3, 6)
    found = fit((varying + rng.normal(0, 0.1, (1_000, 6))).astype(np.float32), np.ones((1_000, 10)))
    assert found.basis.shape == (6, 3)
    assert np.abs(found.basis[3:]).max() < 0.05
