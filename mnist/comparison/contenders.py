"""The models that are compared: each trained, calibrated and measured on the same images."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist.comparison.classical import CLASSICAL, fit_classical
from mnist.comparison.results import ModelResult
from mnist.data.labelled import LabelledImages
from mnist.digits import Images, PredictProbabilities, Probabilities
from mnist.errors import InvalidRecipe
from mnist.evaluation.calibration import apply_temperature, fit_temperature
from mnist.evaluation.metrics import evaluate
from mnist.training.recipes import COMPARE_MODELS, MEDIUM, RECIPES, Expectation, header
from mnist.training.train import Epoch, Training, train

_PREDICT_BATCH = 250


@dataclass(frozen=True, eq=False)
class Contender:
    """One measured model, with its network if it is one.

    Attributes:
        result: What it reached; enough for table, plots and card.
        training: The network; None for a classical model, of which nothing else is kept.
        temperature: Calibration fitted on the validation images; `result` has it applied.
    """

    result: ModelResult
    training: Training | None
    temperature: float


def standard_contenders() -> list[str]:
    """Return the names of the models of the standard comparison."""
    return [
        name
        for name in (*RECIPES, *CLASSICAL)
        if (expected := _expected(name)) and expected.deployment == COMPARE_MODELS
    ]


def require_contenders(names: list[str]) -> None:
    """Refuse unknown names before any time is spent.

    Raises:
        InvalidRecipe: Naming those that are unknown and listing those there are.
    """
    choice = [*RECIPES, *CLASSICAL]
    unknown = [name for name in names if name not in choice]
    if unknown:
        raise InvalidRecipe(
            f"There are no models {', '.join(map(repr, unknown))}; choose from {', '.join(choice)}."
        )


def contender_header(name: str) -> str:
    """Say in one sentence how a model is trained and what to expect of it."""
    return header(name, _expected(name))


def _expected(name: str) -> Expectation | None:
    return RECIPES[name].expected if name in RECIPES else CLASSICAL[name].expected


def run_contender(
    name: str,
    train_images: LabelledImages,
    validation: LabelledImages,
    test: LabelledImages,
    *,
    seed: int,
    labelled_sets: Mapping[str, LabelledImages] | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
) -> Contender:
    """Train one model of a comparison and measure it on the test images.

    Args:
        name: A recipe of `mnist.training.recipes` or of `mnist.comparison.classical`.
        train_images: What every contender learns from.
        validation: For early stopping and calibration.
        test: Touched here, once, to report.
        seed: The same for every contender.
        labelled_sets: Further sets to report on, by name.
        on_epoch: Called with every epoch of a network.

    Raises:
        InvalidRecipe: If there is no such recipe.
    """
    require_contenders([name])
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = _fit(name, train_images, validation, seed, on_epoch)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    temperature = fit_temperature(validation.labels, fitted.predict(validation.images))
    started = time.perf_counter()
    probabilities = apply_temperature(fitted.predict(test.images), temperature)
    prediction_seconds = time.perf_counter() - started
    result = ModelResult(
        name=name,
        complexity=expected.complexity if (expected := _expected(name)) else MEDIUM,
        evaluation=evaluate(test.labels, probabilities),
        probabilities=probabilities,
        training_seconds=wall,
        training_cpu_seconds=cpu,
        prediction_seconds=prediction_seconds,
        parameters=fitted.parameters,
        training_images=fitted.training_images,
        training_images_available=train_images.n,
        hyperparameters={**fitted.hyperparameters, "seed": seed, "temperature": temperature},
        history=fitted.training.history if fitted.training else [],
        saved=fitted.training is not None,
        labelled_sets={
            name: evaluate(
                images.labels, apply_temperature(fitted.predict(images.images), temperature)
            )
            for name, images in (labelled_sets or {}).items()
        },
    )
    return Contender(result, fitted.training, temperature)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """What both kinds of model have in common once they are trained."""

    predict: PredictProbabilities
    parameters: int
    training_images: int
    hyperparameters: dict[str, Any]
    training: Training | None = None


def _fit(
    name: str,
    train_images: LabelledImages,
    validation: LabelledImages,
    seed: int,
    on_epoch: Callable[[Epoch], None],
) -> _Fitted:
    if name in CLASSICAL:
        classical = CLASSICAL[name]
        model = fit_classical(classical, train_images, seed=seed)
        return _Fitted(
            model.predict, model.numbers, model.training_images, dict(classical.hyperparameters)
        )
    recipe = RECIPES[name]
    training = train(recipe, train_images, validation, seed=seed, on_epoch=on_epoch)

    def predict(images: Images) -> Probabilities:
        rows: Probabilities = training.model.predict(images, batch_size=_PREDICT_BATCH, verbose=0)
        return rows

    return _Fitted(predict, training.parameters, train_images.n, recipe.hyperparameters(), training)
