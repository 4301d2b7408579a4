"""What people may start about models: trainings, promotions, rollbacks, predictions once more.

As in `dashboard.access.actions`, each action checks the role, and writes its line of the audit log
before anything is started; each raises AccessDenied for a viewer and Unavailable if a service does
not answer.
"""

from dashboard.access.people import Person, require_editor
from mnist.errors import InvalidInput
from mnist.orchestrator import PrefectApi
from mnist.storage.audit import AuditLog

_SHORTEST_REASON = 3


def promote(
    prefect: PrefectApi,
    audit: AuditLog,
    person: Person,
    version: str,
    why: str,
    *,
    canary: bool = False,
) -> str:
    """Start the deployment that makes a version champion on this person's word.

    Args:
        prefect: Runs the deployment.
        audit: Takes up who asked for it.
        person: Asks for it.
        version: Which.
        why: The person's reason.
        canary: Whether it scores a share of the sources first.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no reason, or no such deployment.
    """
    require_editor(person, "promote versions")
    reason = _reason(why, "A promotion")
    subject = f"version {version}{' on canary' if canary else ''}"
    audit.record(person.name, "promote", subject, reason)
    parameters = {"version": version, "who": person.name, "why": reason}
    return prefect.start("promote/default", parameters | ({"canary": True} if canary else {}))


def roll_back(
    prefect: PrefectApi, audit: AuditLog, person: Person, to_version: str, why: str
) -> str:
    """Start the deployment that makes an earlier version champion again.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no reason, or no such deployment.
    """
    require_editor(person, "roll back")
    reason = _reason(why, "A rollback")
    audit.record(person.name, "roll back", f"to version {to_version}", reason)
    return prefect.start(
        "rollback/default", {"who": person.name, "why": reason, "to_version": to_version}
    )


def retrain(
    prefect: PrefectApi, audit: AuditLog, person: Person, recipe: str, seed: int | None, why: str
) -> str:
    """Start a training; the gates decide what becomes of it.

    Args:
        prefect: Runs the deployment.
        audit: Takes up who asked for it.
        person: Asks for it.
        recipe: Name of the recipe.
        seed: Of the training; None takes the day as a new one.
        why: The person's reason.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no reason, or no such deployment.
    """
    require_editor(person, "retrain")
    reason = _reason(why, "A training")
    subject = f"recipe {recipe}, {'a new seed' if seed is None else f'seed {seed}'}"
    audit.record(person.name, "retrain", subject, reason)
    return prefect.start("retrain/default", {"recipe": recipe, "seed": seed})


def rescore(
    prefect: PrefectApi, audit: AuditLog, person: Person, from_version: str, why: str
) -> str:
    """Start a run in which the champion predicts again what an earlier version has scored.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no reason, or no such deployment.
    """
    require_editor(person, "rescore")
    reason = _reason(why, "A rescore")
    audit.record(person.name, "rescore", f"from version {from_version}", reason)
    return prefect.start("rescore/default", {"from_version": from_version})


def check_labels(prefect: PrefectApi, audit: AuditLog, person: Person) -> str:
    """Start a run that looks for wrong labels among the training images; it changes nothing.

    Returns:
        Identifier of the flow run.

    Raises:
        InvalidInput: If there is no such deployment.
    """
    require_editor(person, "check labels")
    audit.record(person.name, "check labels", "training images", "")
    return prefect.start("check-labels/default", {})


def _reason(why: str, what: str) -> str:
    reason = " ".join(why.split())
    if len(reason) < _SHORTEST_REASON:
        raise InvalidInput(f"{what} needs a reason: those who read the audit log want to know.")
    return reason
