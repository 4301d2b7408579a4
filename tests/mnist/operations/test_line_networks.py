"""Whether a candidate gets the champion's line network, and how values are judged."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mnist.data.labelled import LabelledImages
from mnist.errors import NoChampion
from mnist.operations.drawn_values import values_right
from mnist.operations.line_networks import LineNetworks, share_changed
from mnist.scoring.line_graphs import attach_line_graph
from mnist.training import line_network
from mnist.training.recipes import RECIPES
from tests.factories import OneModel, SeveralModels, digit_images

FAST = RECIPES["fast"]


@pytest.fixture
def registry(tmp_path):
    return OneModel(tmp_path)


@pytest.fixture
def lines(registry):
    return LineNetworks(registry)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A line network that learned from MNIST and a team's own images, hardly trained."""
    folder, data = tmp_path_factory.mktemp("lines"), learned_from(MNIST=55_000, own=1_000)
    lines, few = LineNetworks(OneModel(folder)), replace(FAST, strips=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_network, "BATCH", 2)
        return lines.train(few, data, 0, folder, lambda *_: None)


def learned_from(**images):
    total = sum(images.values())
    digits = LabelledImages(digit_images(np.arange(10)), np.arange(10))
    sources = [
        {"kind": "set", "name": name, "images": count, "share": count / total}
        for name, count in images.items()
    ]
    return SimpleNamespace(train=digits, sources=sources)


def test_whoever_trains_none_gets_the_champions(lines, registry):
    assert lines.champions() is None
    carried = registry.path.read_bytes()  # any bytes: they are opened when they predict
    registry.digest = attach_line_graph(registry.path, carried)
    assert lines.champions() == carried


def test_before_the_first_champion_there_is_none(lines, registry, monkeypatch):
    def nobody():
        raise NoChampion("Nothing was promoted yet.")

    monkeypatch.setattr(registry, "champion", nobody)
    assert lines.champions() is None
    taken = lines.to_take_over(FAST, learned_from(MNIST=55_000))
    assert taken == (None, "The champion has no line network.")


def test_it_is_taken_over_until_a_twentieth_of_what_it_learned_from_has_changed(
    lines, registry, trained
):
    few = replace(FAST, strips=1)
    registry.digest = attach_line_graph(registry.path, trained)
    for data in (learned_from(MNIST=55_000, own=1_000), learned_from(MNIST=55_300, own=1_300)):
        taken = lines.to_take_over(few, data)
        assert taken.graph == trained
        assert "it is taken over" in taken.reason
    for data in (
        learned_from(MNIST=55_000, own=1_000, other=4_000),
        learned_from(scans=55_000, own=1_000),
        learned_from(MNIST=55_000, own=9_000),
    ):
        taken = lines.to_take_over(few, data)
        assert taken.graph is None
        assert "at most 5% may" in taken.reason


def test_one_of_another_making_is_not_taken_over(lines, registry, trained):
    same = learned_from(MNIST=55_000, own=1_000)
    registry.digest = attach_line_graph(registry.path, trained)
    assert lines.to_take_over(replace(FAST, strips=2), same).graph is None
    for without_a_note in (registry.path.read_bytes(), b"no graph"):
        registry.digest = attach_line_graph(registry.path, without_a_note)
        assert lines.to_take_over(FAST, same).graph is None


def test_what_has_changed_is_a_share():
    half = {"a": [100, 0.5], "b": [100, 0.5]}
    assert share_changed(half, half) == 0
    assert share_changed(half, {"a": [100, 0.5], "b": [200, 0.5]}) == 0.25
    assert share_changed(half, {"c": [5, 1.0]}) == 1
    assert share_changed({}, {}) == 0


def test_the_same_values_are_drawn_for_both_sides_and_a_worse_one_has_fewer_right(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("mnist.operations.drawn_values._VALUES", 60)
    models = SeveralModels(tmp_path)
    right, swapped = ((models.predictor(models.version(version)), np.inf) for version in "12")
    test = LabelledImages(digit_images(np.arange(10)), np.arange(10))
    first, second = values_right([right, swapped], test)
    assert first.shape == second.shape == (60,)
    assert first.sum() > second.sum() + 10
    (again,) = values_right([right], test)
    np.testing.assert_array_equal(again, first)
