"""The line network: it learns, goes on after an interruption, and is exported as it is."""

import numpy as np
import pytest

from mnist.data.labelled import LabelledImages
from mnist.layouts.line_images import LINE_HEIGHT, STRIDE
from mnist.layouts.sequences import ANSWERS
from mnist.scoring.graphs import Predictor, export_line_graph
from mnist.scoring.line_graphs import attach_line_graph
from mnist.training.line_network import BATCH, build_line_network, fit_line_network
from mnist.training.recipes import PORTIONS
from tests.factories import digit_images, template_graph


@pytest.fixture(scope="module")
def printed():
    """The ten digits in print: what a network learns of them, it learns in seconds."""
    labels = np.arange(10)
    return LabelledImages(digit_images(labels), labels)


def test_a_line_of_any_width_gives_probabilities_for_each_step():
    network = build_line_network()
    for width in (STRIDE * 5, STRIDE * 60):
        scores = np.asarray(network(np.zeros((2, LINE_HEIGHT, width), np.uint8)))
        assert scores.shape == (2, width // STRIDE, ANSWERS)
        np.testing.assert_allclose(np.exp(scores).sum(axis=-1), 1, atol=1e-5)


def test_it_learns_and_its_graph_says_what_it_says(printed, tmp_path):
    losses = []
    trained = fit_line_network(
        printed,
        3 * PORTIONS * BATCH,
        seed=0,
        folder=tmp_path,
        on_portion=lambda _done, loss: losses.append(loss),
    )
    assert losses[-1] < losses[0] / 2
    template_graph(path := tmp_path / "model.onnx")
    predictor = Predictor(path, attach_line_graph(path, export_line_graph(trained)))
    line = np.random.default_rng(0).integers(0, 256, (LINE_HEIGHT, 88), dtype=np.uint8)
    expected = np.asarray(trained(line[None], training=False))[0]
    np.testing.assert_allclose(predictor.predict_line(line), expected, atol=1e-3)
    assert predictor.predict_line(None) is None


def test_an_interrupted_training_goes_on_from_its_last_portion(printed, tmp_path):
    class Interrupted(Exception):
        """The machine went away."""

    portions = []

    def until_the_third(done, _loss):
        portions.append(done)
        if done == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit_line_network(
            printed, PORTIONS * BATCH, seed=0, folder=tmp_path, on_portion=until_the_third
        )
    fit_line_network(
        printed,
        PORTIONS * BATCH,
        seed=0,
        folder=tmp_path,
        on_portion=lambda done, _loss: portions.append(done),
    )
    assert portions == [1, 2, 3, *range(portions[3], PORTIONS + 1)]
    assert portions[3] in {3, 4}
