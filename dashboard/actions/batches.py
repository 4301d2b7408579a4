"""Scoring the rejects of a batch again."""

from __future__ import annotations

from dashboard.access.people import Person, require_editor
from dashboard.prefect_api import PrefectApi
from mnist.storage.audit import AuditLog


def score_rejects_again(
    prefect: PrefectApi, audit: AuditLog, person: Person, batch: str, why: str
) -> str:
    """Start a run that reads rejected images of a batch again; what has a digit stays as it is.

    Returns:
        Identifier of the flow run.

    Raises:
        AccessDenied: If the person may only look.
        InvalidInput: If there is no such deployment.
        Unavailable: If the store or Prefect does not answer.
    """
    require_editor(person, "score rejects again")
    audit.record(person.name, "score rejects again", f"batch {batch}", " ".join(why.split()))
    return prefect.start("score-batch/default", {"batch": batch, "rejects_again": True})
