"""Writing numbers and files into an MLflow run."""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from mnist.candidates.run_records import DatasetRecord

_METRICS_PER_REQUEST = 1_000
_LONGEST_DIGEST = 36


class RunWriter:
    """Fills one run, whoever began it."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client = client
        self._run_id = run_id

    def numbers(
        self,
        *,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        epochs: Sequence[Mapping[str, float]] = (),
        run_tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log parameters, final metrics, one step of metrics per epoch, and tags."""
        now = time.time_ns() // 1_000_000
        logged = [
            Metric(name, float(value), now, step)
            for step, epoch in enumerate(epochs, start=1)
            for name, value in epoch.items()
        ]
        logged += [Metric(name, float(value), now, 0) for name, value in metrics.items()]
        for start in range(0, len(logged), _METRICS_PER_REQUEST):
            batch = logged[start : start + _METRICS_PER_REQUEST]
            self._client.log_batch(self._run_id, metrics=batch)
        self._client.log_batch(
            self._run_id,
            params=[Param(name, str(value)) for name, value in parameters.items()],
            tags=[RunTag(name, value) for name, value in (run_tags or {}).items()],
        )

    def datasets(self, records: Sequence[DatasetRecord]) -> None:
        """Log dataset inputs, which MLflow shows in the column Datasets."""
        inputs = [
            DatasetInput(
                Dataset(
                    name=record.name,
                    digest=record.digest[:_LONGEST_DIGEST],
                    source_type="code",
                    source=json.dumps({"sha256": record.digest, **record.details}),
                    profile=json.dumps(record.details),
                ),
                [InputTag(MLFLOW_DATASET_CONTEXT, record.context)],
            )
            for record in records
        ]
        if inputs:
            self._client.log_inputs(self._run_id, inputs)

    def files(self, contents: Mapping[str, bytes]) -> None:
        """Log artifacts under their paths."""
        with tempfile.TemporaryDirectory(prefix="run-artifacts-") as folder:
            for name, content in contents.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._client.log_artifacts(self._run_id, folder)
