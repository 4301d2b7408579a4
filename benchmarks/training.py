"""What training costs and brings: the plain tutorial beside our recipes, in one run.

    MNIST_DATA_DIR=... python -m benchmarks.training [--seeds 3] [--first-seed 0] [--recipes fast]

The tutorial is `model.fit` of the Complex CNN with Adam, batch 128, at most 15 epochs, early
stopping with patience 3 on a tenth of the training images, no distortions. Every seed trains
the tutorial and each recipe in turn, so that all meet the same load of the machine. Test images
are touched once for each trained model, to report.

The last line is one JSON object of means over the seeds, null for what was not run:
`tutorial_seconds`, `fast_seconds`, `best_seconds` (wall clock), `fast_ratio` (fast_seconds /
tutorial_seconds), `tutorial_accuracy`, `fast_accuracy`, `best_accuracy`, `ensemble_accuracy`.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from mnist.data.datasets import Dataset, load_dataset
from mnist.data.splits import split
from mnist.errors import MnistError
from mnist.training.backend import keras
from mnist.training.fitting import one_hot
from mnist.training.models import assemble, build_body
from mnist.training.recipes import RECIPES, Recipe, get_recipe
from mnist.training.train import Epoch, train

TUTORIAL = "tutorial"
DEFAULT_RECIPES = (TUTORIAL, "fast", "best", "ensemble")
_TUTORIAL_NETWORK = Recipe(TUTORIAL, "complex-cnn", epochs=15, dropout=0.5)


@dataclass(frozen=True)
class Result:
    """One training: what it cost and what it reached on the test images."""

    name: str
    seed: int
    accuracy: float
    wall_seconds: float
    cpu_seconds: float
    epochs: int
    parameters: int


def train_tutorial(data: Dataset, seed: int) -> Result:
    """Train the Complex CNN the way tutorials do."""
    training, validation = split(data.train, seed=seed, validation_share=0.1)
    wall, cpu = time.perf_counter(), time.process_time()
    keras.utils.set_random_seed(seed)
    model = assemble([build_body(_TUTORIAL_NETWORK)], TUTORIAL)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    stopping = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    shown = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: _show(TUTORIAL, seed, epoch + 1, logs["val_accuracy"])
    )
    fitted = model.fit(
        training.images,
        one_hot(training, _TUTORIAL_NETWORK),
        batch_size=128,
        epochs=_TUTORIAL_NETWORK.epochs,
        validation_data=(validation.images, one_hot(validation, _TUTORIAL_NETWORK)),
        callbacks=[stopping, shown],
        verbose=0,
    )
    return Result(
        TUTORIAL,
        seed,
        accuracy=_test_accuracy(model, data),
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        epochs=len(fitted.epoch),
        parameters=model.count_params(),
    )


def train_recipe(name: str, data: Dataset, seed: int) -> Result:
    """Train one of our recipes."""
    training, validation = split(data.train, seed=seed)

    def show(epoch: Epoch) -> None:
        _show(name, seed, epoch.number, epoch.validation_accuracy)

    trained = train(get_recipe(name), training, validation, seed=seed, on_epoch=show)
    if trained.recipe.members > 1:
        _show_members(name, seed, trained.model, data)
    return Result(
        name,
        seed,
        accuracy=_test_accuracy(trained.model, data),
        wall_seconds=trained.wall_seconds,
        cpu_seconds=trained.cpu_seconds,
        epochs=len(trained.history),
        parameters=trained.parameters,
    )


def print_table(results: list[Result]) -> None:
    """Print one row for each recipe: means over its seeds, and the ratios to the tutorial."""
    print(
        "| recipe | parameters | epochs | CPU s | wall s | CPU ratio | wall ratio | "
        "test accuracy | mean |\n|---|---|---|---|---|---|---|---|---|"
    )
    for name in dict.fromkeys(result.name for result in results):
        rows = [result for result in results if result.name == name]
        accuracies = " ".join(f"{row.accuracy:.4f}"[1:] for row in rows)
        print(
            f"| {name} | {rows[0].parameters:,} | {mean(rows, name, 'epochs'):.1f} "
            f"| {mean(rows, name, 'cpu_seconds'):.1f} | {mean(rows, name, 'wall_seconds'):.1f} "
            f"| {_cell(ratio(results, name, 'cpu_seconds'))} "
            f"| {_cell(ratio(results, name, 'wall_seconds'))} "
            f"| {accuracies} | {mean(rows, name, 'accuracy'):.4f} |"
        )


def summarise(results: list[Result]) -> dict[str, float | None]:
    """Reduce the results to the keys of the last line."""
    return {
        "tutorial_seconds": mean(results, TUTORIAL, "wall_seconds"),
        "tutorial_accuracy": mean(results, TUTORIAL, "accuracy"),
        "fast_seconds": mean(results, "fast", "wall_seconds"),
        "fast_accuracy": mean(results, "fast", "accuracy"),
        "fast_ratio": ratio(results, "fast", "wall_seconds"),
        "best_seconds": mean(results, "best", "wall_seconds"),
        "best_accuracy": mean(results, "best", "accuracy"),
        "ensemble_accuracy": mean(results, "ensemble", "accuracy"),
    }


def mean(results: list[Result], name: str, figure: str) -> float | None:
    """Average one figure over the seeds of one recipe; None if it was not run."""
    values = [getattr(result, figure) for result in results if result.name == name]
    return fmean(values) if values else None


def ratio(results: list[Result], name: str, figure: str) -> float | None:
    """Divide a recipe's mean by the tutorial's; None if either was not run."""
    ours, theirs = mean(results, name, figure), mean(results, TUTORIAL, figure)
    return None if ours is None or theirs is None else ours / theirs


def main() -> None:
    """Train, print the table, end with the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each")
    parser.add_argument("--first-seed", type=int, default=0, help="continue another run")
    parser.add_argument(
        "--recipes", nargs="+", default=DEFAULT_RECIPES, choices=[TUTORIAL, *RECIPES]
    )
    options = parser.parse_args()
    directory = os.environ.get("MNIST_DATA_DIR")
    try:
        data = load_dataset(Path(directory) if directory else None)
    except MnistError as error:
        sys.exit(str(error))
    print(f"data: {data.source}, {data.train.n:,} training and {data.test.n:,} test images")
    _warm_up(data)
    results = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name in options.recipes:
            train_one = train_tutorial if name == TUTORIAL else partial(train_recipe, name)
            results.append(train_one(data, seed))
            _show_result(results[-1])
    print_table(results)
    print(json.dumps(summarise(results)))


def _warm_up(data: Dataset) -> None:
    """Let TensorFlow start its threads before anything is timed."""
    few = data.train.take(np.arange(256))
    tiny = replace(get_recipe("demo"), epochs=1, width=0.1)
    train(tiny, few, few, seed=0)


def _test_accuracy(model: Any, data: Dataset) -> float:
    read = model.predict(data.test.images, batch_size=250, verbose=0).argmax(axis=1)
    return float((read == data.test.labels).mean())


def _show(name: str, seed: int, epoch: int, validation_accuracy: float) -> None:
    print(
        f"{name}, seed {seed}, epoch {epoch}: validation accuracy {validation_accuracy:.4f}",
        flush=True,
    )


def _show_members(name: str, seed: int, model: Any, data: Dataset) -> None:
    """Tell what each network of an ensemble reads alone."""
    bodies = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    alone = " ".join(f"{_test_accuracy(assemble([body], name), data):.4f}" for body in bodies)
    print(f"{name}, seed {seed}: its networks alone read {alone}", flush=True)


def _show_result(result: Result) -> None:
    print(
        f"{result.name}, seed {result.seed}: test accuracy {result.accuracy:.4f} after "
        f"{result.cpu_seconds:.1f} CPU s, {result.wall_seconds:.1f} s",
        flush=True,
    )


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
