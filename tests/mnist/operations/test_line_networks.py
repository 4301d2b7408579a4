"""Where the line network of a candidate comes from that trains none, and how values are judged."""

import numpy as np
import pytest

from mnist.data.labelled import LabelledImages
from mnist.errors import NoChampion
from mnist.operations.drawn_values import values_right
from mnist.operations.retraining import Retraining
from mnist.scoring.line_graphs import attach_line_graph
from tests.factories import OneModel, SeveralModels, digit_images, services_of


@pytest.fixture
def registry(tmp_path):
    return OneModel(tmp_path)


@pytest.fixture
def retraining(settings, registry):
    return Retraining(services_of(settings, registry=registry))


def test_it_is_the_champions(retraining, registry):
    assert retraining.champions_lines() is None
    carried = registry.path.read_bytes()  # any bytes: they are opened when they predict
    registry.digest = attach_line_graph(registry.path, carried)
    assert retraining.champions_lines() == carried


def test_before_the_first_champion_there_is_none(retraining, registry, monkeypatch):
    def nobody():
        raise NoChampion("Nothing was promoted yet.")

    monkeypatch.setattr(registry, "champion", nobody)
    assert retraining.champions_lines() is None


def test_the_same_values_are_drawn_for_both_sides_and_a_worse_one_has_fewer_right(tmp_path):
    models = SeveralModels(tmp_path)
    right, swapped = ((models.predictor(models.version(version)), np.inf) for version in "12")
    test = LabelledImages(digit_images(np.arange(10)), np.arange(10))
    first, second = values_right([right, swapped], test)
    assert first.shape == second.shape == (300,)
    assert first.sum() > second.sum() + 50
    (again,) = values_right([right], test)
    np.testing.assert_array_equal(again, first)
