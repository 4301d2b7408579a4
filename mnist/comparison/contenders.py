"""The models that are compared: each trained, calibrated and measured on the same images."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mnist.comparison.classical import CLASSICAL, fit_classical, get_classical
from mnist.comparison.results import HIGH, LOW, MEDIUM, ModelResult
from mnist.data.labelled import LabelledImages
from mnist.digits import Images, Probabilities
from mnist.errors import InvalidRecipe
from mnist.evaluation.calibration import apply_temperature, fit_temperature
from mnist.evaluation.metrics import evaluate
from mnist.training.recipes import RECIPES, get_recipe
from mnist.training.train import Epoch, Training, train

COMPLEXITY = {
    "complex-cnn": HIGH,
    "simple-cnn": MEDIUM,
    "mlp": MEDIUM,
    "flattened": MEDIUM,
    "knn": LOW,
    "random-forest": LOW,
    "svm": LOW,
}
"""The models of the standard comparison, and how complex each is.

Six approaches, and `flattened`: an MLP with the parameters, epochs and images of `simple-cnn`.
"""

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


def require_contenders(names: list[str]) -> None:
    """Refuse unknown names before any time is spent.

    Raises:
        InvalidRecipe: Naming those that are unknown and listing those there are.
    """
    known = [*RECIPES, *CLASSICAL]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidRecipe(
            f"There are no models {', '.join(map(repr, unknown))}; choose from {', '.join(known)}."
        )


def run_contender(
    name: str,
    train_images: LabelledImages,
    validation: LabelledImages,
    test: LabelledImages,
    *,
    seed: int,
    real_world: Mapping[str, LabelledImages] | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
) -> Contender:
    """Train one model of a comparison and measure it on the test images.

    Args:
        name: A recipe of `mnist.training.recipes` or of `mnist.comparison.classical`.
        train_images: What every contender learns from.
        validation: For early stopping and calibration.
        test: Touched here, once, to report.
        seed: The same for every contender.
        real_world: Further sets to report on, by name.
        on_epoch: Told about the epochs of a network.

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
        complexity=COMPLEXITY.get(name, MEDIUM),
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
        real_world={
            name: evaluate(
                images.labels, apply_temperature(fitted.predict(images.images), temperature)
            )
            for name, images in (real_world or {}).items()
        },
    )
    return Contender(result, fitted.training, temperature)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """What both kinds of model have in common once they are trained."""

    predict: Callable[[Images], Probabilities]
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
        classical = get_classical(name)
        model = fit_classical(classical, train_images, seed=seed)
        return _Fitted(
            model.predict, model.numbers, model.training_images, dict(classical.hyperparameters)
        )
    recipe = get_recipe(name)
    training = train(recipe, train_images, validation, seed=seed, on_epoch=on_epoch)

    def predict(images: Images) -> Probabilities:
        rows: Probabilities = training.model.predict(images, batch_size=_PREDICT_BATCH, verbose=0)
        return rows

    return _Fitted(predict, training.parameters, train_images.n, asdict(recipe), training)
