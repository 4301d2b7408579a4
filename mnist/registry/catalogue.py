"""Looking things up in the registry for people: the champion, its evaluation, training runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mnist.digits import CLASSES
from mnist.errors import InvalidEvaluation, NoChampion, Unavailable
from mnist.evaluation.metrics import Evaluation
from mnist.registry.reader import CHAMPION
from mnist.registry.rest import MlflowRest

_EVALUATION = "evaluation.json"
_PROXIED = "mlflow-artifacts:/"


@dataclass(frozen=True)
class TrainingRun:
    """A training run as MLflow keeps it.

    Attributes:
        run_id: Its identifier.
        name: What people call it.
        status: `RUNNING`, `FINISHED`, `FAILED` or `KILLED`.
        started_at: When it began.
        finished_at: When it ended, if it did.
        metrics: Last value of each metric.
        tags: What the run says of itself: recipe, dataset, digests.
        artifact_uri: Where its files lie.
        url: Its page in MLflow.
    """

    run_id: str
    name: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artifact_uri: str
    url: str


@dataclass(frozen=True)
class VersionDetails:
    """A registered version and the run it came from.

    Attributes:
        name: Registered model.
        version: Its number.
        registered_at: When it was registered.
        tags: What the version says of itself.
        run: Where it came from.
    """

    name: str
    version: str
    registered_at: datetime
    tags: Mapping[str, str]
    run: TrainingRun


class Catalogue:
    """What the registry holds, read-only.

    Every method raises Unavailable when MLflow does not answer and AccessDenied when it refuses
    the credentials.
    """

    def __init__(
        self,
        tracking_uri: str,
        experiment_name: str,
        model_name: str,
        auth: tuple[str, str] | None = None,
    ) -> None:
        self._experiment_name = experiment_name
        self._model_name = model_name
        self._rest = MlflowRest(tracking_uri, auth)

    def close(self) -> None:
        """Give back the connections."""
        self._rest.close()

    def champion(self) -> VersionDetails:
        """Describe the version that carries the alias `champion`.

        Raises:
            NoChampion: If no version does.
        """
        answer = self._rest.get(
            "registered-models/alias", {"name": self._model_name, "alias": CHAMPION}
        )
        if answer is None:
            raise NoChampion(
                f"No version of model {self._model_name!r} has been promoted yet; run "
                "`prefect deployment run 'retrain/default'` first."
            )
        record = answer["model_version"]
        return VersionDetails(
            name=record["name"],
            version=str(record["version"]),
            registered_at=_time(record["creation_timestamp"]),
            tags=_pairs(record.get("tags", [])),
            run=self._run(record["run_id"]),
        )

    def evaluation(self, run: TrainingRun) -> Evaluation | None:
        """Read what a training run measured on the test images, or None if it kept nothing.

        Raises:
            InvalidEvaluation: If the file is not an evaluation.
        """
        if not self._has(run, _EVALUATION):
            return None
        location = f"{run.artifact_uri.removeprefix(_PROXIED)}/{_EVALUATION}"
        return _evaluation(self._rest.artifact(location), run)

    def runs(self, limit: int) -> list[TrainingRun]:
        """List the last training runs, the newest first."""
        answer = self._rest.get(
            "experiments/get-by-name", {"experiment_name": self._experiment_name}
        )
        if answer is None:
            return []
        found = self._rest.search(
            "runs/search",
            {
                "experiment_ids": [answer["experiment"]["experiment_id"]],
                "max_results": limit,
                "order_by": ["attributes.start_time DESC"],
            },
        )
        return [self._described(record) for record in found.get("runs", [])]

    def _run(self, run_id: str) -> TrainingRun:
        answer = self._rest.get("runs/get", {"run_id": run_id})
        if answer is None:
            raise Unavailable(
                f"MLflow has lost run {run_id}, from which the champion of "
                f"{self._model_name!r} came; restore it, or promote another version."
            )
        return self._described(answer["run"])

    def _has(self, run: TrainingRun, path: str) -> bool:
        listed = self._rest.get("artifacts/list", {"run_id": run.run_id}) or {}
        return any(file["path"] == path for file in listed.get("files", []))

    def _described(self, record: Mapping[str, Any]) -> TrainingRun:
        info, data = record["info"], record.get("data", {})
        ended = info.get("end_time")
        return TrainingRun(
            run_id=info["run_id"],
            name=info.get("run_name", ""),
            status=info["status"],
            started_at=_time(info["start_time"]),
            finished_at=_time(ended) if ended else None,
            metrics=_pairs(data.get("metrics", [])),
            tags=_pairs(data.get("tags", [])),
            artifact_uri=info["artifact_uri"],
            url=f"{self._rest.uri}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}",
        )


def _evaluation(content: bytes, run: TrainingRun) -> Evaluation:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise InvalidEvaluation(
            f"{_EVALUATION} of run {run.name!r} is not JSON ({error}); evaluate the model again."
        ) from error
    found = Evaluation.from_dict(values)
    if {len(found.confusion), *map(len, found.confusion)} != {CLASSES}:
        raise InvalidEvaluation(
            f"The confusion matrix in {_EVALUATION} of run {run.name!r} is not {CLASSES} by "
            f"{CLASSES}; evaluate the model again."
        )
    return found


def _pairs(records: list[dict[str, Any]]) -> dict[str, Any]:
    return {record["key"]: record["value"] for record in records}


def _time(milliseconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
