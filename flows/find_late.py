"""Find late: batches that wait too long for their receipt, and weeks without a decision."""

from datetime import UTC, datetime

from prefect import flow, get_run_logger

from flows.support import events
from flows.support.remedies import say_remedy
from mnist import services


@flow(name="find-late", on_failure=[say_remedy])
def find_late() -> list[str]:
    """Say what should have happened and has not; people are told of the same things once a day.

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
        events.late(one, now.date())
    if not late:
        get_run_logger().info("Nothing is late.")
    return [one.sentence for one in late]
