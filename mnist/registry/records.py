"""Runs and versions as MLflow's REST API describes them, in our words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


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
class Version:
    """A registered version.

    Attributes:
        name: Registered model.
        version: Its number.
        registered_at: When it was registered.
        tags: What the version says of itself: recipe, dataset, digests.
        run_id: The run it came from.
    """

    name: str
    version: str
    registered_at: datetime
    tags: Mapping[str, str]
    run_id: str


@dataclass(frozen=True)
class VersionDetails(Version):
    """A registered version and the run it came from."""

    run: TrainingRun


def run_of(record: Mapping[str, Any], uri: str) -> TrainingRun:
    """Read a run from MLflow's JSON; `uri` is the address of its pages."""
    info, data = record["info"], record.get("data", {})
    ended = info.get("end_time")
    return TrainingRun(
        run_id=info["run_id"],
        name=info.get("run_name", ""),
        status=info["status"],
        started_at=_time(info["start_time"]),
        finished_at=_time(ended) if ended else None,
        metrics=pairs(data.get("metrics", [])),
        tags=pairs(data.get("tags", [])),
        artifact_uri=info["artifact_uri"],
        url=f"{uri}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}",
    )


def version_of(record: Mapping[str, Any]) -> Version:
    """Read a registered version from MLflow's JSON."""
    return Version(
        name=record["name"],
        version=str(record["version"]),
        registered_at=_time(record["creation_timestamp"]),
        tags=pairs(record.get("tags", [])),
        run_id=record["run_id"],
    )


def pairs(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Turn MLflow's lists of key and value into a mapping."""
    return {record["key"]: record["value"] for record in records}


def _time(milliseconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
