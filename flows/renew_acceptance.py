"""Renew acceptance: what audits and labelled sets say of accepted predictions, and what follows."""

from typing import Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.support import artifacts, events
from mnist import services
from mnist.scoring.predictions import PinnedModel


@flow(name="renew-acceptance")
def renew_acceptance() -> dict[str, Any]:
    """Choose anew from which confidence on predictions are accepted: the champion's, the canary's.

    Where audits show that the promise is broken, the threshold rises at once, and the event
    `acceptance.broken` tells people. It falls only where labels prove that it may. What was scored
    before stays as it is.

    Returns:
        For the champion: the number of the entry that stands, whether it is new, and the sources
        for which the promise was broken.

    Raises:
        NoChampion: If nothing has been promoted.
        Unavailable: If the store or the registry does not answer.
    """
    champion, *canary = services.current().accepting.in_use()
    renewed = _renew(champion)
    for version in canary:
        _renew(version)
    return renewed


def _renew(model: PinnedModel) -> dict[str, Any]:
    renewal = services.current().accepting.renew(f"flow run {flow_run.get_id()}", model)
    for note in renewal.notes:
        get_run_logger().warning("%s", note)
    if renewal.entry is None:
        get_run_logger().info(
            "Nobody has audited anything yet: the threshold of version %s is the cautious one.",
            model.version,
        )
        return {"entry": 0, "is_new": False, "broken": []}
    artifacts.publish_acceptance(renewal.entry)
    if renewal.broken:
        events.acceptance_broken(renewal.entry, renewal.broken)
    if renewal.is_new:
        events.acceptance_renewed(renewal.entry)
    for reason in renewal.entry.reasons:
        get_run_logger().info("%s", reason)
    return {
        "entry": renewal.entry.sequence,
        "is_new": renewal.is_new,
        "broken": list(renewal.broken),
    }
