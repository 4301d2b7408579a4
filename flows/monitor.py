"""Monitor: a day's pictures, writing and predictions beside the reference; says what changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.support import artifacts, events
from flows.support.parameters import Day
from flows.support.retries import retried_task
from mnist import services

if TYPE_CHECKING:
    from mnist.operations.monitoring import Findings


@retried_task("look-back", [10, 60, 300])
def look_back(day: date, renew_reference: bool, run: str) -> tuple[Findings, str]:  # noqa: FBT001 -- Prefect passes it on
    """Compare the day with the reference and record what was found."""
    reference = services.current().monitoring.reference(day, renew=renew_reference)
    findings = services.current().monitoring.compare(day, reference)
    key = services.current().monitoring.record(findings, run)
    followed = services.current().monitoring.follow_champion(findings, reference)
    if followed:
        get_run_logger().info(
            "A new champion has scored a steady day: %s is the reference", followed
        )
    return findings, key


def _yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


def _run_name() -> str:
    return f"monitor-{flow_run.get_parameters().get('day') or _yesterday()}"


@flow(name="monitor", flow_run_name=_run_name)
def monitor(day: Day = None, renew_reference: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 -- fields of Prefect's form
    """Hold a day's rows against the reference and say what has changed, and what that asks for.

    `scanner-changed` asks for a person, `writing-changed` for a retraining, `mix-changed` for a
    check against the forms. The events of those names are what automations act on.

    Args:
        day: The day to look at, in UTC; yesterday if left out.
        renew_reference: Make the four weeks before that day the new reference first.

    Returns:
        Day, verdict, causes, number of rows, the accuracy that their confidences promise, and where
        the findings lie.

    Raises:
        Unavailable: If the store does not answer.
    """
    day = day or _yesterday()
    findings, key = look_back(day, renew_reference, str(flow_run.get_id()))
    artifacts.publish_findings(findings, key)
    for batch, comparison in findings.by_batch.items():
        events.drifted(day, batch, comparison)
    whole = findings.by_batch[""]
    get_run_logger().info("%s: %s. %s", day, whole.verdict, whole.verdict.sentence)
    for cause in whole.causes:
        get_run_logger().info("%s: %s", cause, cause.sentence)
    get_run_logger().info("%s", findings.accuracy.sentence)
    return {
        "day": day.isoformat(),
        "verdict": str(findings.verdict),
        "causes": [str(cause) for cause in whole.causes],
        "rows": findings.rows.num_rows,
        "expected_accuracy": findings.accuracy.expected,
        "findings": key,
    }
