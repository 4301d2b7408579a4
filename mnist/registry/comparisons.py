"""Comparisons in MLflow: one parent run, and one run below it for each model."""

from collections.abc import Mapping, Sequence
from typing import Any

import mlflow

from mnist.registry.client import mlflow_client
from mnist.registry.publishing import open_experiment, our_errors
from mnist.registry.run_writer import RunWriter
from mnist.settings import Settings


class ComparisonLog:
    """Writes comparisons. Registers nothing: a comparison promotes nobody."""

    def __init__(self, settings: Settings, kind: str) -> None:
        self._uri = settings.mlflow_tracking_uri.rstrip("/")
        self._page_url = settings.mlflow_page_url
        self._experiment_name = f"{settings.experiment_name}-{kind}"
        self._client = mlflow_client(settings)

    def begin(self, name: str, parameters: Mapping[str, Any]) -> str:
        """Begin a comparison; return the identifier of its parent run."""
        with our_errors(self._uri):
            mlflow.set_tracking_uri(self._uri)
            experiment = open_experiment(self._experiment_name)
            run = self._client.create_run(experiment.experiment_id, run_name=name)
            RunWriter(self._client, run.info.run_id).numbers(parameters=parameters, metrics={})
        run_id: str = run.info.run_id
        return run_id

    def add(
        self,
        parent: str,
        name: str,
        *,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        epochs: Sequence[Mapping[str, float]],
        files: Mapping[str, bytes],
    ) -> None:
        """Log one model below the parent run."""
        with our_errors(self._uri):
            experiment_id = self._client.get_run(parent).info.experiment_id
            run = self._client.create_run(
                experiment_id, run_name=name, tags={"mlflow.parentRunId": parent}
            )
            writer = RunWriter(self._client, run.info.run_id)
            writer.numbers(parameters=parameters, metrics=metrics, epochs=epochs)
            writer.files(files)
            self._client.set_terminated(run.info.run_id)

    def end(self, parent: str, metrics: Mapping[str, float], files: Mapping[str, bytes]) -> str:
        """Log what the comparison came to; return the address of the parent run."""
        with our_errors(self._uri):
            writer = RunWriter(self._client, parent)
            writer.numbers(parameters={}, metrics=metrics)
            writer.files(files)
            self._client.set_terminated(parent)
            experiment_id = self._client.get_run(parent).info.experiment_id
        return f"{self._page_url}/#/experiments/{experiment_id}/runs/{parent}"

    def give_up(self, parent: str) -> None:
        """Mark a comparison that did not come to its end."""
        with our_errors(self._uri):
            self._client.set_terminated(parent, status="FAILED")
