"""Scoring graphs: proven equal to their Keras model, refused when the bytes are others."""

import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest

from mnist.errors import IntegrityError, InvalidInput
from mnist.scoring import graphs
from mnist.scoring.graphs import Predictor, export_graph
from mnist.training.backend import keras
from mnist.training.models import assemble, build_body
from mnist.training.recipes import Recipe

RECIPE = Recipe("small", "deep-cnn", epochs=1, width=0.2)


def network(members: int = 1) -> keras.Model:
    keras.utils.set_random_seed(3)
    return assemble([build_body(RECIPE, name=f"body_{n}") for n in range(members)], "small")


def images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28), dtype=np.uint8)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return network()


@pytest.fixture(scope="module")
def graph(model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    return path, export_graph(model, path)


def test_gives_keras_probabilities_on_images_it_was_not_proven_on(
    model: keras.Model, graph: tuple[Path, str]
) -> None:
    unseen = images(1_000, seed=99)
    predicted = Predictor(*graph).predict(unseen)
    assert predicted.dtype == np.float32
    assert predicted.shape == (1_000, 10)
    assert np.abs(predicted - np.asarray(model(unseen))).max() <= 1e-5


def test_an_ensemble_is_one_graph(tmp_path: Path) -> None:
    both = network(members=2)
    predictor = Predictor(tmp_path / "e.onnx", export_graph(both, tmp_path / "e.onnx"))
    np.testing.assert_allclose(predictor.predict(images(5)), np.asarray(both(images(5))), atol=1e-5)


def test_the_digest_is_that_of_the_file_and_nothing_else_is_left(graph: tuple[Path, str]) -> None:
    path, sha256 = graph
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert list(path.parent.iterdir()) == [path]
    onnx.checker.check_model(onnx.load(path), full_check=True)


@pytest.mark.parametrize("n", [0, 1, 127, 128, 129, 300])
def test_any_number_of_images_gets_as_many_rows_in_order(graph: tuple[Path, str], n: int) -> None:
    predictor = Predictor(*graph)
    rows = predictor.predict(images(n))
    assert rows.shape == (n, 10)
    for index in range(0, n, 50):
        alone = predictor.predict(images(n)[index : index + 1])[0]
        np.testing.assert_allclose(rows[index], alone, atol=1e-6)


def test_refuses_bytes_with_another_digest(graph: tuple[Path, str], tmp_path: Path) -> None:
    path, sha256 = graph
    tampered = tmp_path / "tampered.onnx"
    tampered.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(IntegrityError, match=f"tampered.onnx .*but {sha256} was recorded"):
        Predictor(tampered, sha256)


@pytest.mark.parametrize(
    "wrong", [images(2).astype(np.float32), images(2)[:, :27], images(2)[0], images(2)[..., None]]
)
def test_refuses_arrays_that_are_no_images(graph: tuple[Path, str], wrong: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="Expected uint8 images"):
        Predictor(*graph).predict(wrong)


def test_a_graph_that_differs_from_its_model_is_not_written(
    model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictor, "predict", lambda _, x: np.asarray(model(x)) + np.float32(2e-5))
    with pytest.raises(IntegrityError, match="differs from its Keras model by 2e-05"):
        export_graph(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_saved_and_loaded_model_is_exactly_the_same(model: keras.Model, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        # Keras' HDF5 writer hands TensorFlow variables to numpy 2 in the old way.
        warnings.filterwarnings("ignore", message="__array__ implementation")
        model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    sha256 = export_graph(loaded, tmp_path / "loaded.onnx")
    rows = Predictor(tmp_path / "loaded.onnx", sha256).predict(images(20))
    np.testing.assert_allclose(rows, np.asarray(model(images(20))), atol=1e-5)


def test_scoring_needs_neither_keras_nor_tensorflow() -> None:
    program = (
        f"import sys, {graphs.__name__}; "
        "sys.exit(bool({'keras', 'tensorflow', 'mlflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
