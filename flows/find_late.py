"""Find late: batches that wait too long for their receipt, and weeks without a decision."""

import uuid
from datetime import UTC, datetime

from prefect import flow, get_run_logger

from flows.support import events
from flows.support.remedies import say_remedy
from mnist import services

_TOLD = uuid.UUID("7b0c7f0e-8a4f-4f0e-9d7e-3c1f5f0b9a41")
"""Names the events of this flow, so that one event is sent for each late thing and day."""


@flow(name="find-late", on_failure=[say_remedy])
def find_late() -> list[str]:
    """Say what should have happened and has not; people are told of each once a day.

    The events `batch.late` and `decision.late` are what an automation acts on.

    Returns:
        What is late, in sentences.

    Raises:
        Unavailable: If the store does not answer.
    """
    now = datetime.now(UTC)
    late = services.current().lateness.find(now)
    for one in late:
        get_run_logger().warning("%s", one.sentence)
        events.late(one, uuid.uuid5(_TOLD, f"{one.event} {one.name} {now:%Y-%m-%d}"))
    if not late:
        get_run_logger().info("Nothing is late.")
    return [one.sentence for one in late]
