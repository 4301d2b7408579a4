"""Recipes: found by name, refused with the list, impossible budgets refused before training."""

from dataclasses import replace

import pytest

from mnist.comparison.classical import CLASSICAL
from mnist.errors import InvalidRecipe
from mnist.training.expectations import EXPECTED, header
from mnist.training.models import ARCHITECTURES
from mnist.training.recipes import RECIPES, get_recipe


def test_every_recipe_is_found_by_its_own_name_and_its_network_exists() -> None:
    assert {"demo", "fast", "best", "ensemble", "flattened"} <= set(RECIPES)
    for name, recipe in RECIPES.items():
        assert get_recipe(name) is recipe
        assert recipe.name == name
        assert recipe.architecture in ARCHITECTURES


def test_an_unknown_name_gets_the_list() -> None:
    with pytest.raises(InvalidRecipe) as refusal:
        get_recipe("worst")
    for name in ("worst", *RECIPES):
        assert name in str(refusal.value)


@pytest.mark.parametrize("field", ["epochs", "batch_size", "patience", "members"])
def test_a_budget_too_small_to_train_is_refused(field: str) -> None:
    with pytest.raises(InvalidRecipe, match=f"{field} = 0"):
        replace(get_recipe("demo"), **{field: 0})


def test_every_named_model_says_how_to_train_it_and_what_to_expect() -> None:
    assert set(EXPECTED) == {*RECIPES, *CLASSICAL}
    for name, expected in EXPECTED.items():
        assert name in header(name)
        assert f"'{expected.deployment}/default'" in header(name)
        assert f"accuracy of {expected.accuracy:.4f}" in header(name)
    assert header("of-my-own") == "of-my-own: not measured yet, so nothing is expected of it."


@pytest.mark.parametrize("name", ["demo", "fast", "best", "ensemble"])
def test_what_becomes_champion_is_trained_to_the_end_of_its_schedule(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.patience >= recipe.epochs
