"""Stale runs: Prefect takes them for running while nothing runs them any more.

A flow run tells the server about every half minute that it lives. One whose process was killed
together with its worker, or whose machine is gone, stays *Running* for ever and holds a place in
its deployment's limit, so that the next one is cancelled. Prefect's own remedy, a proactive
automation, writes to the database for every event of every run, which SQLite answers with locks of
a minute.
"""

from datetime import UTC, datetime, timedelta

import structlog
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed

from flows.support.heartbeats import HEARTBEAT

STALE_AFTER = timedelta(seconds=100)
"""Three heartbeats of the usual 30 seconds, and some patience."""


_log = structlog.get_logger(__name__)


def end_stale_runs(client: SyncPrefectClient, limit: timedelta = STALE_AFTER) -> list[str]:
    """Mark as crashed the runs whose last heartbeat is older than that; return their names.

    Runs that never sent one are left alone: their process may have heartbeats switched off.
    """
    since = datetime.now(UTC) - limit
    running = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
            start_time=FlowRunFilterStartTime(before_=since),
        )
    )
    ended = []
    for run in running:
        last = _last_heartbeat(client, str(run.id))
        if last is not None and last < since:
            message = f"No heartbeat since {last:%H:%M:%S} UTC; the process that ran this is gone."
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
            _log.warning("run.crashed", run=run.name, last_heartbeat=last.isoformat())
            ended.append(run.name)
    return ended


def _last_heartbeat(client: SyncPrefectClient, run: str) -> datetime | None:
    query = {
        "event": {"name": [HEARTBEAT]},
        "resource": {"id": [f"prefect.flow-run.{run}"]},
        "order": "DESC",
    }
    answer = client.request("POST", "/events/filter", json={"filter": query, "limit": 1})
    events = answer.raise_for_status().json()["events"]
    return datetime.fromisoformat(events[0]["occurred"]) if events else None
