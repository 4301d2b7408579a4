"""Roll back: an earlier champion is champion again, in one step."""

from typing import Any

from prefect import flow, get_run_logger

from flows.support import artifacts, events
from flows.support.parameters import OptionalVersion, Text
from flows.support.remedies import say_remedy
from mnist import services
from mnist.operations.approval import Statement
from mnist.storage.journal import CANARY_ENDED


@flow(name="rollback", flow_run_name="rollback-by-{who}", on_failure=[say_remedy])
def rollback(who: Text, why: Text, to_version: OptionalVersion = "") -> dict[str, Any]:
    """Make an earlier champion champion again.

    Without a version it goes one step back; a second rollback goes one step further. While a
    version is on canary, the first step takes that one off. Batches that are being scored finish on
    the version they began with; the next ones use the earlier champion.

    Args:
        who: Name of the person who answers for it.
        why: Their reason, for those who read the journal.
        to_version: Number of an earlier champion; empty means the one before the present one.

    Returns:
        The journal entry, and under `batches` those that hold predictions of the version taken out.

    Raises:
        InvalidInput: If name or reason are missing, or there is no such earlier champion.
        IntegrityError: If the earlier champion's scoring graph is lost or changed.
        Unavailable: If the registry or the store does not answer.
    """
    statement = Statement(who, why)  # before what is slow to import
    undone = services.current().interventions.roll_back(to_version, statement)
    artifacts.publish_rollback(undone)
    if undone.entry.action == CANARY_ENDED:
        events.decided(undone.entry)
    get_run_logger().info(
        "%s %d batches hold predictions of version %s.",
        artifacts.statement(undone.entry),
        len(undone.batches),
        undone.taken_out,
    )
    return {**undone.entry.model_dump(mode="json"), "batches": list(undone.batches)}
