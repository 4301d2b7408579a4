"""Adopt: a Keras model that was trained elsewhere becomes a candidate like any other.

python -m flows.adopt model.keras --labels my-sets/
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows.retrain import conclude, judge, load_data, measure, publish
from flows.support.parameters import Text
from flows.support.remedies import say_remedy
from mnist import services

if TYPE_CHECKING:
    from mnist.data.training_data import TrainingData
    from mnist.training.train import Training


@task(name="adopt-network", cache_policy=NO_CACHE)
def adopt_network(file: str, data: TrainingData) -> Training:
    """Rebuild the network and find out which pixels it wants."""
    training = services.current().retraining.adopt(Path(file), data)
    get_run_logger().info("%s: %s", file, training.recipe.hyperparameters())
    return training


@flow(name="adopt", flow_run_name="adopt", on_failure=[say_remedy])
def adopt(file: Text, labels: Text = "", policy: dict[str, Any] | None = None) -> dict[str, Any]:
    """Export, measure and register a Keras model, and let the gates decide about it.

    The network is rebuilt from a list of known layers; nothing in the file is executed.

    Args:
        file: A `.keras` file where this run can read it.
        labels: Folder of labelled sets to report on, besides those of MNIST_REAL_WORLD_DIR.
        policy: Fields of the promotion policy to override; see docs/gates.md.

    Returns:
        The journal entry of the decision.

    Raises:
        InvalidInput: If the file is refused; the message says why.
        InvalidPolicy: If the policy has unknown fields or impossible values.
        InvalidDataset: If images or labels are missing or corrupt.
        IntegrityError: If the exported graph does not agree with the network.
        Unavailable: If the registry or the store does not answer.
    """
    retraining = services.current().retraining
    retraining.check_policy(policy)
    retraining.check_registry()
    with tempfile.TemporaryDirectory(prefix="adopt-") as folder:
        data = retraining.with_sets(load_data(0), Path(labels) if labels else None)
        training = adopt_network(file, data)
        candidate = measure(training, data, Path(folder), retraining.lines.champions())
        version = publish(candidate, training.recipe, data, 0)
        judgement = judge(candidate, version, data, policy)
        entry = conclude(judgement, version, f"flow run {flow_run.get_name()}", None)
    return entry.model_dump(mode="json")


def main() -> None:
    """Run the flow here, with the settings of the environment."""
    parser = argparse.ArgumentParser(prog="python -m flows.adopt", description=__doc__)
    parser.add_argument("file", help="a .keras file")
    parser.add_argument("--labels", default="", help="folder of labelled sets to report on")
    arguments = parser.parse_args()
    labels = str(Path(arguments.labels).resolve()) if arguments.labels else ""
    adopt(str(Path(arguments.file).resolve()), labels)


if __name__ == "__main__":
    main()
