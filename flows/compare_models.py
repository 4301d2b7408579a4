"""Compare models: the same images for all, one run each under one parent, a table and a card."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.support import artifacts
from flows.support.parameters import Seed, Texts
from mnist import services

if TYPE_CHECKING:
    from mnist.comparison.results import ModelResult
    from mnist.data.training_data import TrainingData
    from mnist.training.train import Epoch


@task(name="load-data", cache_policy=NO_CACHE)
def load_data(seed: int) -> TrainingData:
    """Load the images that all models share."""
    return services.current().comparing.load(seed)


@task(name="run-model", task_run_name="run-{name}", cache_policy=NO_CACHE)
def run_model(name: str, data: TrainingData, seed: int, parent: str) -> ModelResult:
    """Train one model, measure it, log its run."""
    logger = get_run_logger()
    logger.info("%s", services.current().comparing.header(name))

    def show(epoch: Epoch) -> None:
        logger.info(
            "%s, epoch %d: validation accuracy %.4f, %.1f s",
            name,
            epoch.number,
            epoch.validation_accuracy,
            epoch.wall_seconds,
        )

    result = services.current().comparing.run(name, data, seed, show).result
    services.current().comparing.record(parent, result)
    logger.info(
        "%s: test accuracy %.4f, trained in %.0f s",
        name,
        result.evaluation.accuracy,
        result.training_seconds,
    )
    return result


@task(name="conclude", cache_policy=NO_CACHE)
def conclude(parent: str, results: list[ModelResult], data: TrainingData) -> dict[str, Any]:
    """Log table, plots and card."""
    concluded = services.current().comparing.conclude(parent, results, data)
    create_markdown_artifact(
        f"{concluded['markdown']}\n\n[The comparison in MLflow]({concluded['url']})\n",
        key="model-comparison",
        description=f"best: {concluded['best']}",
    )
    return concluded


@flow(name="compare-models", flow_run_name="compare-models-seed-{seed}")
def compare_models(models: Texts = (), seed: Seed = 0) -> dict[str, Any]:
    """Train several models on the same images and say which is best, how surely, at what cost.

    Nothing is registered or promoted; `retrain` does that.

    Args:
        models: Names of recipes; empty means those of the standard comparison.
        seed: Determines split, weights, order and augmentation, the same for all models.

    Returns:
        The best model's name, all accuracies and the address of the comparison in MLflow.

    Raises:
        InvalidRecipe: If a name does not exist; the message lists those that do.
        InvalidDataset: If the training data is missing or corrupt.
        Unavailable: If MLflow does not answer.
    """
    names = services.current().comparing.chosen(models)
    data = load_data(seed)
    parent = services.current().comparing.begin(names, data, seed)
    progress = artifacts.Progress("compare-models", unit="models")
    with ExitStack() as on_failure:
        on_failure.callback(services.current().comparing.give_up, parent)
        results = []
        for name in names:
            results.append(run_model(name, data, seed, parent))
            progress.count(len(results), total=len(names))
        concluded = conclude(parent, results, data)
        on_failure.pop_all()
    return {name: concluded[name] for name in ("best", "accuracies", "url")}
