"""Recipes: found by name, refused with the list, impossible budgets refused before training."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnist.comparison.classical import CLASSICAL
from mnist.errors import InvalidRecipe
from mnist.training.models import ARCHITECTURES
from mnist.training.recipes import RECIPES, Expectation, get_recipe, header

TRAINING = Path("docs/training.md").read_text(encoding="utf-8")


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


def test_every_recipe_says_how_to_train_it_and_what_to_expect() -> None:
    expectations = {
        name: recipe.expected for name, recipe in (*RECIPES.items(), *CLASSICAL.items())
    }
    for name, expected in expectations.items():
        assert expected is not None, f"measure {name}, and say so"
        sentence = header(name, expected)
        assert name in sentence
        assert f"accuracy of {expected.accuracy:.4f}" in sentence
    assert len(set(expectations.values())) == len(expectations), "an expectation was inherited"
    assert header("my", None) == "my: not measured yet, so nothing is expected of it."


@pytest.mark.parametrize("name", [*RECIPES, *CLASSICAL])
def test_every_recipe_has_its_row_in_the_documents(name: str) -> None:
    recipe = RECIPES.get(name) or CLASSICAL[name]
    expected = recipe.expected
    assert expected is not None
    end = (
        f"| {expected.complexity} | `{expected.deployment}` | {expected.cpu_seconds:,.0f} "
        f"| {expected.accuracy:.4f} |"
    )
    rows = [line for line in TRAINING.splitlines() if line.startswith(f"| `{name}` |")]
    assert [row for row in rows if row.endswith(end)], f"no row of {name} ends in {end!r}"


def test_a_new_measurement_leaves_a_recipe_what_it_is() -> None:
    recipe = get_recipe("fast")
    measured_again = replace(recipe, expected=Expectation(1, 1.0))
    assert recipe == measured_again
    assert repr(recipe) == repr(measured_again)  # names the checkpoints of a training
    assert recipe.hyperparameters() == measured_again.hyperparameters()


@pytest.mark.parametrize("name", ["demo", "fast", "best", "ensemble"])
def test_what_becomes_champion_is_trained_to_the_end_of_its_schedule(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.patience >= recipe.epochs
