"""Occlusion against models whose reasons are known."""

import numpy as np
import pytest

from mnist.scoring.graphs import Predictor
from mnist.scoring.saliency import PATCH, occlusion
from tests.factories import digit_images, template_graph


def reads_one_pixel(row, column):
    """Say 3 as surely as one pixel is bright, and 0 otherwise."""

    def predict(images):
        sure = images[:, row, column].astype(np.float32) / 255
        probabilities = np.zeros((len(images), 10), np.float32)
        probabilities[:, 3], probabilities[:, 0] = sure, 1 - sure
        return probabilities

    return predict


@pytest.mark.parametrize("place", [(14, 14), (0, 0), (27, 3)])
def test_only_squares_over_the_pixel_that_counts_matter(place):
    image = np.full((28, 28), 255, np.uint8)
    heat = occlusion(reads_one_pixel(*place), image)
    assert heat[place] == heat.max() == 1
    rows, columns = np.nonzero(heat)
    assert abs(rows - place[0]).max() < PATCH
    assert abs(columns - place[1]).max() < PATCH


def test_what_speaks_against_a_digit_is_negative():
    image = np.full((28, 28), 255, np.uint8)
    heat = occlusion(reads_one_pixel(14, 14), image, digit=0)
    assert heat[14, 14] == heat.min() == -1


def test_empty_paper_says_nothing_in_a_real_graph(tmp_path):
    path = tmp_path / "graph.onnx"
    predictor = Predictor(path, template_graph(path))
    (seven,) = digit_images(np.array([7])) // 100  # faint, or the graph is too sure to be moved
    before = seven.copy()
    heat = occlusion(predictor.predict, seven)
    assert heat.shape == (28, 28)
    assert heat.dtype == np.float32
    assert (heat[:2] == 0).all()
    assert heat.max() > 0
    assert (seven == before).all()
