"""Whether a retraining is worth its cost now. A loop that feeds itself must not be possible."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a decision to retrain rests on.

    Attributes:
        now: When that is.
        last_training: When the last candidate was decided on, promoted or not; None before the
            first.
        new_labels: Images labelled by people since then.
        writing_changed: Whether the latest day, no older than a week and later than that
            training, was found to hold other writing.
    """

    now: datetime
    last_training: datetime | None
    new_labels: int
    writing_changed: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """What a retraining that nobody asked for needs.

    Attributes:
        least_labels: New labels that are worth one.
        least_interval: Time between two; a change that training does not cure must not train
            for ever.
    """

    least_labels: int
    least_interval: timedelta


def reason_to_retrain(evidence: Evidence, guard: Guard) -> tuple[bool, str]:
    """Decide, with the reason in one sentence."""
    labels = f"{evidence.new_labels:,} new labels (at least {guard.least_labels:,})"
    drift = "the writing has changed" if evidence.writing_changed else "the writing is as before"
    if not evidence.writing_changed and evidence.new_labels < guard.least_labels:
        return False, f"Not enough evidence: {labels}, {drift}."
    if evidence.last_training is not None:
        age = evidence.now - evidence.last_training
        if age < guard.least_interval:
            return False, (
                f"Too soon: the last decision is {_hours(age)} old, at least "
                f"{_hours(guard.least_interval)} are asked for ({labels}, {drift})."
            )
    return True, f"Retraining: {labels}, {drift}."


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:,.1f} h"
