"""Contenders: networks and classical models, measured alike on the same images."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.comparison.classical import CLASSICAL, fit_classical
from mnist.comparison.contenders import require_contenders, run_contender, standard_contenders
from mnist.data.datasets import load_sklearn_digits
from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.errors import InvalidRecipe
from mnist.training.models import assemble, build_body
from mnist.training.recipes import RECIPES, get_recipe

DATA = load_sklearn_digits()
TRAIN, VALIDATION = split(DATA.train, seed=0, validation_share=0.2)


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_classical_models_recognise_real_handwriting(name: str) -> None:
    contender = run_contender(name, TRAIN, VALIDATION, DATA.test, seed=0)
    result = contender.result
    assert result.evaluation.accuracy > 0.93
    assert result.evaluation.calibration_error < 0.08
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, atol=1e-5)
    assert result.parameters > 1_000
    assert result.training_images == result.training_images_available == TRAIN.n
    assert contender.training is None
    assert not result.saved


def test_the_seed_decides_what_a_classical_model_predicts() -> None:
    few = TRAIN.take(np.arange(200))

    def predict(seed: int) -> np.ndarray:
        forest = fit_classical(CLASSICAL["random-forest"], few, seed=seed)
        return forest.predict(DATA.test.images[:50])

    np.testing.assert_array_equal(predict(1), predict(1))
    assert not np.array_equal(predict(1), predict(2))


def test_a_capped_model_learns_from_the_first_images_only() -> None:
    capped = replace(CLASSICAL["svm"], max_images=300)
    few = fit_classical(capped, TRAIN, seed=0)
    same = fit_classical(CLASSICAL["svm"], TRAIN.take(np.arange(300)), seed=0)
    assert few.training_images == 300
    np.testing.assert_array_equal(few.predict(DATA.test.images), same.predict(DATA.test.images))


def test_votes_never_claim_certainty() -> None:
    rows = fit_classical(CLASSICAL["knn"], TRAIN, seed=0).predict(DATA.test.images)
    assert rows.min() > 0


def test_a_network_is_measured_like_the_others_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = replace(get_recipe("mlp"), epochs=2, width=0.2, batch_size=64)
    monkeypatch.setitem(RECIPES, "mlp", tiny)
    epochs: list[int] = []
    contender = run_contender(
        "mlp",
        TRAIN,
        VALIDATION,
        DATA.test,
        seed=0,
        labelled_sets={"strangers": VALIDATION},
        on_epoch=lambda epoch: epochs.append(epoch.number),
    )
    assert epochs == [1, 2]
    assert contender.result.saved
    assert contender.training is not None
    assert contender.result.parameters == contender.training.parameters
    assert contender.result.hyperparameters["epochs"] == 2
    assert contender.result.evaluation.accuracy > 0.5
    assert contender.result.labelled_sets["strangers"].images == VALIDATION.n
    assert contender.result.metrics()["real_world/strangers/accuracy"] > 0.5


def test_the_standard_comparison_has_seven_models() -> None:
    names = standard_contenders()
    require_contenders(names)
    assert names == [
        "complex-cnn", "simple-cnn", "mlp", "flattened", "knn", "random-forest", "svm"
    ]  # fmt: skip


def test_flattened_has_the_budget_of_the_network_it_is_held_against() -> None:
    flat, square = (get_recipe(name) for name in ("flattened", "simple-cnn"))
    assert (flat.epochs, flat.batch_size) == (square.epochs, square.batch_size)
    sizes = [assemble([build_body(recipe)], "m").count_params() for recipe in (flat, square)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_unknown_names_are_refused_together_before_anything_runs() -> None:
    with pytest.raises(InvalidRecipe) as refusal:
        require_contenders(["svm", "oracle", "demo", "guess"])
    for name in ("'oracle', 'guess'", *RECIPES, *CLASSICAL):
        assert name in str(refusal.value)
    with pytest.raises(InvalidRecipe, match="'oracle'"):
        run_contender(
            "oracle", LabelledImages(TRAIN.images[:0], TRAIN.labels[:0]), TRAIN, TRAIN, seed=0
        )
