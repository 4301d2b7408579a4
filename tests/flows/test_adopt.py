"""The flow `adopt`: a Keras model from elsewhere, from its file to the decision about it."""

import numpy as np
import pytest

from flows.adopt import adopt
from mnist import services
from mnist.errors import InvalidInput
from mnist.scoring.graphs import Predictor
from mnist.training.backend import keras
from tests.factories import png
from tests.flows import test_retrain

LENIENT = test_retrain.LENIENT
settings = test_retrain.settings
reader = test_retrain.reader
wired_to_mlflow = test_retrain.wired_to_mlflow

pytestmark = pytest.mark.slow


@pytest.fixture
def file(wired_to_mlflow, tmp_path):
    """What somebody's own script leaves: a dense network for pixels from 0 to 1."""
    train = services.current().retraining.load(0).train
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(train.images / 255, train.labels, epochs=20, verbose=0)
    model.save(tmp_path / "mine.keras")
    return tmp_path / "mine.keras"


def test_it_is_exported_measured_registered_and_judged_like_any_candidate(file, reader, tmp_path):
    own = tmp_path / "own" / "forms" / "3"
    own.mkdir(parents=True)
    (own / "a.png").write_bytes(png(3))
    entry = adopt(str(file), str(tmp_path / "own"), policy=LENIENT)
    assert entry["action"] == "promoted", entry
    champion = reader.champion()
    assert champion.version == entry["to_version"] == "1"
    assert reader.origin("1").device == "elsewhere"
    test = services.current().retraining.load(0).dataset.test
    probabilities = Predictor(reader.graph(champion), champion.digest).predict(test.images)
    assert (probabilities.argmax(axis=1) == test.labels).mean() > 0.8
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-4)


def test_a_refused_file_registers_nothing(file, reader):
    file.write_bytes(b"no network")
    with pytest.raises(InvalidInput, match=r"no \.keras file"):
        adopt(str(file))
