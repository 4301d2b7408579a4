"""The decisions about champions, training runs, flow runs and audits, as tables and sentences."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from dashboard.components.decisions import became
from mnist.acceptance.drawing import audits_needed
from mnist.errors import MnistError
from mnist.orchestrator import FlowRun
from mnist.registry.records import TrainingRun
from mnist.storage.acceptance import AcceptanceEntry
from mnist.storage.audit import AuditLine
from mnist.storage.journal import JournalEntry


@dataclass(frozen=True)
class ServiceHealth:
    """What one service answered.

    Attributes:
        service: Its name for people.
        problem: What is wrong; None if it answered.
    """

    service: str
    problem: MnistError | None


def service_health(checks: Mapping[str, Callable[[], object]]) -> list[ServiceHealth]:
    """Ask all services at once; a check fails by raising an error of ours."""

    def ask(service: str) -> ServiceHealth:
        try:
            checks[service]()
        except MnistError as error:
            return ServiceHealth(service, error)
        return ServiceHealth(service, None)

    with ThreadPoolExecutor(len(checks)) as pool:
        return list(pool.map(ask, checks))


@dataclass(frozen=True)
class AuditCost:
    """What audits cost people.

    Attributes:
        images: Images scored in the last seven days.
        drawn: How many audits that makes at the share of the settings.
        needed: How many it takes to know the promised share to within half of it.
    """

    images: int
    drawn: int
    needed: int


def audit_cost(
    table: pd.DataFrame, share: float, error_rate: float, now: datetime | None = None
) -> AuditCost:
    """Estimate the audits of a week from the receipts of the last one."""
    since = pd.Timestamp(now or datetime.now(UTC)).tz_convert(None) - pd.Timedelta(days=7)
    images = int(table[table["finished_at"] >= since]["scored"].fillna(0).sum())
    return AuditCost(images, round(images * share), audits_needed(error_rate, error_rate / 2))


def thresholds(entry: AcceptanceEntry) -> pd.DataFrame:
    """List the thresholds of an entry, of digits before those of values."""
    return pd.DataFrame(
        [
            {
                "of": "values" if one.of_values else "digits",
                "source": one.source or "all others",
                "accepted from": one.threshold,
                "rests on": str(one.basis),
                "labels": one.labels,
                "accepted": one.accepted,
                "wrong": one.wrong,
                "bound": one.bound,
            }
            for one in (*entry.thresholds, *entry.value_thresholds)
        ]
    )


def decisions(entries: Sequence[JournalEntry]) -> pd.DataFrame:
    """List decisions, at least one, the newest first; times are UTC."""
    frame = pd.DataFrame(
        [
            {
                "number": entry.sequence,
                "at": entry.at,
                "version": entry.to_version,
                "action": entry.action.replace("-", " "),
                "verdict": entry.verdict.replace("_", " "),
                "against": entry.from_version or "",
                "reasons": " ".join(entry.reasons),
                "who": entry.who,
                "evidence": entry.evidence_url,
            }
            for entry in reversed(entries)
        ]
    )
    return frame.assign(at=_utc(frame["at"]))


def training_runs(runs: Sequence[TrainingRun], entries: Sequence[JournalEntry]) -> pd.DataFrame:
    """List training runs, at least one, with what was decided about each; times are UTC."""
    decided = {entry.evidence_url.rpartition("/")[2]: entry for entry in entries}
    frame = pd.DataFrame(
        [
            {
                "started_at": run.started_at,
                "run": run.name,
                "status": run.status.lower(),
                "dataset": run.tags.get("dataset", ""),
                "accuracy": run.metrics.get("test_accuracy"),
                "errors": run.metrics.get("test_errors"),
                "seconds": run.metrics.get("training_wall_seconds"),
                "decision": _decision(decided.get(run.run_id)),
                "url": run.url,
            }
            for run in runs
        ]
    )
    return frame.assign(started_at=_utc(frame["started_at"]))


def flow_runs(runs: Sequence[FlowRun], url: Callable[[str], str | None]) -> pd.DataFrame:
    """List flow runs, in the order given, each with the address of its page; times are UTC."""
    frame = pd.DataFrame(runs).rename(columns={"started_at": "started", "name": "run"})
    frame = frame.assign(started=_utc(frame["started"]), url=frame["id"].map(url))
    return frame[["started", "run", "state", "seconds", "url"]]


def changes(lines: Sequence[AuditLine]) -> pd.DataFrame:
    """List what people changed, in the order given; times are UTC."""
    frame = pd.DataFrame([line.model_dump() for line in lines])
    return frame.assign(at=_utc(frame["at"]))


def _decision(entry: JournalEntry | None) -> str:
    return f"version {entry.to_version} {became(entry)}" if entry else ""


def _utc(times: pd.Series) -> pd.Series:
    """Drop the zone, which would make the browser show its own."""
    return pd.to_datetime(times, utc=True).dt.tz_localize(None)
