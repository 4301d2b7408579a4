"""Gathering the evidence for or against a retraining that a machine proposes."""

from datetime import UTC, datetime, timedelta

from mnist.canary import CANARY_VERDICTS
from mnist.monitoring.drift import Verdict
from mnist.monitoring.report import verdict_of_day
from mnist.monitoring.retraining_need import Evidence, Guard, reason_to_retrain
from mnist.parts import Parts
from mnist.reviews.review import standing
from mnist.storage.journal import NOTHING_NEW, running_canary

_REPORT_DAYS = 7


class Proposals:
    """Decides whether a proposed retraining is worth it, from the store alone.

    A proposal comes from an event or a schedule, and either may be repeated, late or wrong; so
    nothing of it is believed.
    """

    def __init__(self, parts: Parts) -> None:
        least_pause = timedelta(hours=parts.settings.retrain_least_hours)
        self._guard = Guard(parts.settings.retrain_least_labels, least_pause)
        self._parts = parts

    def judge(self, now: datetime | None = None) -> tuple[bool, str]:
        """Say whether to retrain now, and why or why not."""
        now = now or datetime.now(UTC)
        entries = self._parts.journal.entries()
        if (canary := running_canary(entries)) is not None:
            return False, f"Not now: version {canary.to_version} is on canary, and not judged yet."
        last = entries[-1].at if entries else None
        # A training that was not made has used no labels, nor has the end of a canary.
        trained = [
            entry.at
            for entry in entries
            if entry.action != NOTHING_NEW and entry.verdict not in CANARY_VERDICTS
        ]
        since = trained[-1] if trained else datetime.min.replace(tzinfo=UTC)
        labelled = {
            review.sha256
            for review in standing(list(self._parts.reviews.recorded()))
            if review.at > since
            and (review.value is not None or (review.answer and review.answer.digit is not None))
            and not review.audit
        }
        evidence = Evidence(now, last, len(labelled), self._writing_changed(now, since))
        return reason_to_retrain(evidence, self._guard)

    def _writing_changed(self, now: datetime, since: datetime) -> bool:
        report = self._parts.monitoring_log.latest_report()
        if report is None:
            return False
        day, verdict = verdict_of_day(report)
        is_fresh = now.date() - day <= timedelta(days=_REPORT_DAYS) and day >= since.date()
        return is_fresh and verdict is Verdict.WRITING_CHANGED
