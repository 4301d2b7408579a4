"""Logging a training run and registering its model in MLflow."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import onnx
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from mnist.candidates.run_records import RunRecord
from mnist.digits import CLASSES, SIDE
from mnist.errors import InvalidInput, Unavailable
from mnist.registry import tags
from mnist.registry.client import mlflow_client
from mnist.registry.rest import refused
from mnist.registry.run_writer import RunWriter
from mnist.settings import Settings

CANDIDATE = "candidate"

_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}

_SIGNATURE = ModelSignature(
    inputs=Schema([TensorSpec(np.dtype("uint8"), (-1, SIDE, SIDE), "images")]),
    outputs=Schema([TensorSpec(np.dtype("float32"), (-1, CLASSES), "probabilities")]),
)
# Weights in a file beside the graph would leave them outside its digest.
ONNX_OPTIONS: dict[str, Any] = {
    "signature": _SIGNATURE,
    "pip_requirements": ["mlflow", "numpy", "onnx", "onnxruntime"],
    "save_as_external_data": False,
}
"""How a scoring graph becomes a model of MLflow."""


@dataclass(frozen=True)
class RegisteredVersion:
    """A version in the registry and the run it came from."""

    name: str
    version: str
    run_id: str
    run_url: str


class Publisher:
    """Writes runs and model versions. Moving aliases is not its business, save `candidate`."""

    def __init__(self, settings: Settings) -> None:
        self._uri = settings.mlflow_tracking_uri.rstrip("/")
        self._page_url = settings.mlflow_page_url
        self._experiment_name = settings.experiment_name
        self._model_name = settings.model_name
        self._client = mlflow_client(settings)

    def publish(self, record: RunRecord) -> RegisteredVersion:
        """Log a run with all its evidence and register its scoring graph as a new version.

        Raises:
            Unavailable: If MLflow does not answer; the run it began is marked as failed.
        """
        with our_errors(self._uri):
            return self._publish(record)

    def _publish(self, record: RunRecord) -> RegisteredVersion:
        mlflow.set_tracking_uri(self._uri)
        mlflow.set_experiment(self._experiment_name)
        with mlflow.start_run(run_name=record.run_name) as run:
            run_id: str = run.info.run_id
            writer = RunWriter(self._client, run_id)
            writer.numbers(
                parameters=record.parameters,
                metrics=record.metrics,
                epochs=record.epochs,
                run_tags=record.version_tags,
            )
            writer.datasets(record.datasets)
            writer.files(record.files)
            info = mlflow.onnx.log_model(
                onnx.load(str(record.graph)),
                name="scoring-graph",
                **ONNX_OPTIONS,
            )
        location = f"{info.artifact_path.removeprefix('mlflow-artifacts:/')}/model.onnx"
        version = mlflow.register_model(
            info.model_uri,
            self._model_name,
            tags={
                **record.version_tags,
                tags.GRAPH_SHA256: record.graph_sha256,
                tags.GRAPH_LOCATION: location,
                tags.ACCEPT_CONFIDENCE: repr(record.accept_confidence),
                tags.OOD_THRESHOLD: repr(record.ood_threshold),
            },
        ).version
        return self._described(str(version), run_id, run.info.experiment_id)

    def registered(self, version: str) -> RegisteredVersion:
        """Look up a version by its number.

        Raises:
            InvalidInput: If there is no such version.
        """
        with our_errors(self._uri, f"Model {self._model_name!r} has no version {version!r}"):
            run_id = str(self._client.get_model_version(self._model_name, version).run_id)
            experiment_id = self._client.get_run(run_id).info.experiment_id
        return self._described(version, run_id, experiment_id)

    def _described(self, version: str, run_id: str, experiment_id: str) -> RegisteredVersion:
        url = f"{self._page_url}/#/experiments/{experiment_id}/runs/{run_id}"
        return RegisteredVersion(self._model_name, version, run_id, url)

    def add_decision(
        self,
        version: RegisteredVersion,
        report: str,
        decision: dict[str, Any],
        name: str = "decision",
    ) -> None:
        """File a promotion decision with the run it is about, as Markdown and as JSON.

        Args:
            version: What was decided about.
            report: For people.
            decision: For programs.
            name: Of the two files; a file of the same name is replaced.
        """
        files = {
            f"{name}.md": report.encode(),
            f"{name}.json": json.dumps(decision, indent=2).encode(),
        }
        with our_errors(self._uri):
            RunWriter(self._client, version.run_id).files(files)


@contextmanager
def our_errors(uri: str, absent: str = "") -> Iterator[None]:
    """Turn MLflow's exceptions into ours.

    Args:
        uri: Address of the server.
        absent: What it means if something does not exist, where that is an answer.
    """
    try:
        yield
    except MlflowException as error:
        if absent and error.error_code in _ABSENT:
            raise InvalidInput(f"{absent}; MLflow lists them.") from error
        if error.error_code == "UNAUTHENTICATED" or " 401 " in str(error):
            raise refused(uri, 401) from error
        if error.error_code == "PERMISSION_DENIED":
            raise refused(uri, 403) from error
        raise Unavailable(f"MLflow at {uri} could not do it: {str(error)[:300]}") from error
