"""The champion, the decisions about it and the training runs, as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pydantic import ValidationError

from mnist.errors import IntegrityError, InvalidEvaluation
from mnist.evaluation.acceptance import NOTHING_ACCEPTED
from mnist.evaluation.metrics import Evaluation
from mnist.evaluation.statistics import Interval, proportion_lower_bound, proportion_upper_bound
from mnist.registry.catalogue import Catalogue
from mnist.registry.records import TrainingRun, VersionDetails
from mnist.registry.tags import ACCEPT_CONFIDENCE
from mnist.storage.journal import Journal, JournalEntry, promoted_last

MNIST = "mnist"
"""What the tag `dataset` says of the real thing."""

_TWO_SIDED = 0.975
_BECAME = {
    "promoted": "was promoted",
    "refused": "was refused",
    "rolled-back": "became champion again by a rollback",
}


@dataclass(frozen=True)
class Champion:
    """The version in charge and how good it is.

    Attributes:
        details: The version and its run.
        evaluation: What it achieved on the test images, if that was kept and is readable.
        problem: Why there is no evaluation, if something is wrong with it.
    """

    details: VersionDetails
    evaluation: Evaluation | None
    problem: str | None = None

    @property
    def dataset(self) -> str:
        """Name the images it was trained and measured on."""
        return self.details.tags.get("dataset", "unknown")

    @property
    def is_mnist(self) -> bool:
        """Tell whether its numbers are numbers of MNIST."""
        return self.dataset == MNIST

    @property
    def accepts(self) -> str:
        """Say from which confidence on its readings need no person's look."""
        try:
            threshold = float(self.details.tags[ACCEPT_CONFIDENCE])
        except (KeyError, ValueError):
            return "unknown"
        return "nothing" if threshold >= NOTHING_ACCEPTED else f"≥ {threshold:.3f}"


def champion(catalogue: Catalogue) -> Champion:
    """Look up the champion and its evaluation.

    Raises:
        NoChampion: If nothing has been promoted.
        Unavailable: If MLflow does not answer.
        AccessDenied: If it refuses the credentials.
    """
    details = catalogue.champion()
    try:
        return Champion(details, catalogue.evaluation(details.run))
    except InvalidEvaluation as error:
        return Champion(details, None, str(error))


def accuracy_interval(evaluation: Evaluation) -> Interval:
    """Return the 95 % interval of the accuracy, exact (Clopper and Pearson 1934)."""
    right = evaluation.images - evaluation.errors
    return Interval(
        evaluation.accuracy,
        proportion_lower_bound(right, evaluation.images, confidence=_TWO_SIDED),
        proportion_upper_bound(right, evaluation.images, confidence=_TWO_SIDED),
    )


def disagreement(version: str, entries: Sequence[JournalEntry]) -> str | None:
    """Say so if the alias and the journal name different champions."""
    recorded = promoted_last(entries)
    if recorded == version:
        return None
    return (
        f"The alias names version {version} and the journal names version {recorded or 'none'} as "
        "champion: somebody moved the alias by hand, or a promotion was cut short. The next "
        "retraining makes the alias follow the journal."
    )


def all_decisions(journal: Journal) -> list[JournalEntry]:
    """Read every decision, the oldest first.

    Raises:
        IntegrityError: If something in the journal is no decision.
        Unavailable: If the store does not answer.
        AccessDenied: If it refuses the credentials.
    """
    try:
        return journal.entries()
    except ValidationError as error:
        raise IntegrityError(
            f"An entry of the promotion journal cannot be read ({error.errors()[0]['msg']}); look "
            "under journal/ in the results bucket for an object that is none of ours."
        ) from error


def became(entry: JournalEntry) -> str:
    """Say what became of the version that a decision was about."""
    return _BECAME.get(entry.action, f"was {entry.action}")


def decisions(entries: Sequence[JournalEntry]) -> pd.DataFrame:
    """List decisions, the newest first; times are UTC."""
    frame = pd.DataFrame(
        [
            {
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
        ],
        columns=["at", "version", "action", "verdict", "against", "reasons", "who", "evidence"],
    )
    return frame.assign(at=_utc(frame["at"]))


def training_runs(runs: Sequence[TrainingRun], entries: Sequence[JournalEntry]) -> pd.DataFrame:
    """List training runs, in the order given, with what was decided about each; times are UTC."""
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
        ],
        columns=[
            *("started_at", "run", "status", "dataset", "accuracy"),
            *("errors", "seconds", "decision", "url"),
        ],
    )
    return frame.assign(started_at=_utc(frame["started_at"]))


def _decision(entry: JournalEntry | None) -> str:
    return f"version {entry.to_version} {became(entry)}" if entry else ""


def _utc(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times, utc=True).dt.tz_localize(None)
