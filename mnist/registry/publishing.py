"""Logging a training run and registering its model in MLflow."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
import onnx
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from mnist.candidates.run_records import RunRecord
from mnist.errors import InvalidInput, Unavailable
from mnist.registry import tags
from mnist.registry.client import mlflow_client
from mnist.registry.rest import refused
from mnist.registry.run_writer import RunWriter
from mnist.settings import Settings

CANDIDATE = "candidate"

_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}

_ABOUT_THE_MODEL = (
    "Predicts handwritten digits: images (n, 28, 28) of bright ink on dark ground, as MNIST has "
    "them, to ten probabilities each. The journal of decisions says which version scores; the "
    "alias `champion` follows it."
)


def onnx_options(graph: onnx.ModelProto) -> dict[str, Any]:
    """Say how a scoring graph becomes a model of MLflow; it is served under the graph's names."""
    return {
        "signature": ModelSignature(_schema(graph.graph.input), _schema(graph.graph.output)),
        "pip_requirements": ["mlflow", "numpy", "onnx", "onnxruntime"],
        # Weights in a file beside the graph would leave them outside its digest.
        "save_as_external_data": False,
    }


def _schema(values: Iterable[onnx.ValueInfoProto]) -> Schema:
    tensors = [(value.name, value.type.tensor_type) for value in values]
    return Schema(
        [
            TensorSpec(
                np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)),
                tuple(dimension.dim_value or -1 for dimension in tensor.shape.dim),
                name,
            )
            for name, tensor in tensors
        ]
    )


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
        open_experiment(self._experiment_name)
        with mlflow.start_run(run_name=record.run_name, description=record.description) as run:
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
            graph = onnx.load(str(record.graph))
            info = mlflow.onnx.log_model(graph, name="scoring-graph", **onnx_options(graph))
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
                tags.NO_DIGIT_THRESHOLD: repr(record.no_digit_threshold),
            },
        ).version
        self._describe(str(version), record)
        return self._described(str(version), run_id, run.info.experiment_id)

    def _describe(self, version: str, record: RunRecord) -> None:
        """Say what model and version are; what people have written of the model stays."""
        if not self._client.get_registered_model(self._model_name).description:
            self._client.update_registered_model(self._model_name, _ABOUT_THE_MODEL)
        self._client.update_model_version(self._model_name, version, record.description)

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


def open_experiment(name: str) -> Experiment:
    """Make the experiment of this name the one that is written to, as one of classic training.

    MLflow's pages ask an experiment of no stated kind what it is, or take it for one of agents.
    """
    experiment = mlflow.set_experiment(name)
    if tags.EXPERIMENT_KIND not in experiment.tags:
        mlflow.set_experiment_tag(tags.EXPERIMENT_KIND, tags.CLASSIC_TRAINING)
    return experiment


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
