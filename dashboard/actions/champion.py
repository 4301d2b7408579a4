"""Going back to the champion before."""

from __future__ import annotations

from dashboard.access.people import Person, require_editor
from dashboard.prefect_api import PrefectApi
from mnist.errors import InvalidInput
from mnist.storage.audit import AuditLog

_SHORTEST_REASON = 3


def roll_back(
    prefect: PrefectApi, audit: AuditLog, person: Person, to_version: str, why: str
) -> str:
    """Start the deployment that makes an earlier version champion again.

    The line of who asked is written first: nothing is started that nobody answers for.

    Returns:
        Identifier of the flow run.

    Raises:
        AccessDenied: If the person may only look.
        InvalidInput: If there is no reason, or no such deployment.
        Unavailable: If the store or Prefect does not answer.
    """
    require_editor(person, "roll back")
    reason = " ".join(why.split())
    if len(reason) < _SHORTEST_REASON:
        raise InvalidInput("A rollback needs a reason: those who read the journal want to know.")
    audit.record(person.name, "roll back", f"to version {to_version}", reason)
    return prefect.start(
        "rollback/default", {"who": person.name, "why": reason, "to_version": to_version}
    )
