"""Check labels: which labels of the training data do networks contradict that never saw them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.support import artifacts
from flows.support.parameters import Folds, Seed, Text
from flows.support.remedies import say_remedy
from mnist import services

if TYPE_CHECKING:
    from mnist.data.training_data import TrainingData
    from mnist.digits import Probabilities


@task(name="load-data", cache_policy=NO_CACHE)
def load_data(recipe: str, seed: int) -> TrainingData:
    """Load what a retraining learns from."""
    data = services.current().checking_labels.load(recipe, seed)
    get_run_logger().info("%d training images are checked.", data.dataset.train.n)
    return data


@task(name="predict-out-of-fold", cache_policy=NO_CACHE)
def predict(data: TrainingData, folds: int, seed: int) -> Probabilities:
    """Train a network for each fold on the others, and predict the fold with it."""
    progress = artifacts.Progress("predicting out of fold", unit="folds")

    def show(fold: int) -> None:
        get_run_logger().info("Fold %d of %d is predicted.", fold, folds)
        progress.count(fold, folds)

    return services.current().checking_labels.predict(data, folds, seed, show)


@flow(name="check-labels", flow_run_name="check-labels-{recipe}", on_failure=[say_remedy])
def check_labels(recipe: Text = "fast", folds: Folds = 3, seed: Seed = 0) -> dict[str, Any]:
    """Find labels of the training data that networks contradict which have not learned from them.

    The dashboard's page Errors shows them. Nothing is changed: editors judge them there, and what
    they find wrong is left out of the next retraining.

    Args:
        recipe: Whose training images are checked; a wrong name lists those there are.
        folds: Parts of these images; each is predicted by a network trained on the others.
        seed: Determines folds, weights, order and augmentation.

    Returns:
        How many images there are, how many labels are contradicted, and the address in MLflow.

    Raises:
        InvalidRecipe: If there is no such recipe.
        InvalidDataset: If MNIST is not to be had, or corrupt.
        Unavailable: If the registry or the store does not answer.
    """
    data = load_data(recipe, seed)
    probabilities = predict(data, folds, seed)
    checking = services.current().checking_labels
    concluded = checking.conclude(data, probabilities, recipe, folds, seed)
    create_markdown_artifact(
        f"{concluded['markdown']}\n\n[The check in MLflow]({concluded['url']})\n",
        key="label-check",
        description=f"{concluded['contradicted']:,} of {concluded['images']:,} labels contradicted",
    )
    return {name: value for name, value in concluded.items() if name != "markdown"}
