"""A model file that wants to run code, or is not what was trained, is refused before it can."""

import hashlib
import pickle
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from mnist.errors import IntegrityError
from mnist.scoring.graphs import Predictor
from mnist.training.backend import keras
from tests.factories import template_graph


class _Intruder:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def _graph(operator: str, domain: str, shape: list[int]) -> bytes:
    """Write a graph of one operator, from images to something of that shape."""
    node = helper.make_node(operator, ["images"], ["probabilities"], domain=domain)
    graph = helper.make_graph(
        [node],
        "planted",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.UINT8, ["n", *shape])],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("planted", 1)]
    model: bytes = helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()
    return model


def _refused(path: Path, content: bytes) -> str:
    """Load bytes whose digest is the recorded one, as if the registry itself were the intruder."""
    path.write_bytes(content)
    with pytest.raises(IntegrityError) as refusal:
        Predictor(path, hashlib.sha256(content).hexdigest())
    return str(refusal.value)


def test_a_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    content = pickle.dumps(_Intruder(mark))
    assert "is no scoring graph" in _refused(tmp_path / "model.onnx", content)
    assert not mark.exists()
    pickle.loads(content)  # noqa: S301 -- shows that it would have done it
    assert mark.exists()


def test_a_keras_file_with_a_lambda_layer_is_refused(tmp_path: Path) -> None:
    """Its layer is code, and Keras's safe mode has been bypassed again and again."""
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Lambda(lambda images: images)])
    model.save(tmp_path / "model.keras")
    content = (tmp_path / "model.keras").read_bytes()
    assert "is no scoring graph" in _refused(tmp_path / "model.onnx", content)


def test_an_operator_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    content = _graph("Call", "planted", [10])
    assert "is not a registered function/op" in _refused(tmp_path / "model.onnx", content)


def test_a_graph_that_does_not_read_digits_is_refused(tmp_path: Path) -> None:
    content = _graph("Identity", "", [28, 28])
    assert "ten probabilities out" in _refused(tmp_path / "model.onnx", content)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04.", b"<html>"])
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "is no scoring graph" in _refused(tmp_path / "model.onnx", content)


def test_a_graph_with_one_weight_edited_is_refused_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    recorded = template_graph(path)
    model = onnx.load(path)
    weights = bytearray(model.graph.initializer[0].raw_data)
    weights[0] ^= 1
    model.graph.initializer[0].raw_data = bytes(weights)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(IntegrityError, match=f"but {recorded} was recorded"):
        Predictor(path, recorded)
