"""Is the work that is due done: Prefect's schedules, and Dask's workers if there are any."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mnist.orchestrator import PrefectApi

_FEWEST_AHEAD = 2
"""Prefect looks once a minute and then makes the next three runs of each schedule."""

_PATIENCE = timedelta(minutes=2)
_DASK_SECONDS = 5


def find_idle_schedules(api: PrefectApi, patience: timedelta = _PATIENCE) -> str | None:
    """Name the deployments whose schedule is active and for which no next runs are planned.

    Args:
        api: The Prefect server.
        patience: How long after a change of a schedule its runs may be missing.
    """
    now = datetime.now(UTC)
    deployments = api.request("POST", "/deployments/filter", {"limit": 200})
    idle = [
        str(deployment["entrypoint"])
        for deployment in deployments
        if _is_scheduled(deployment, before=now - patience)
        and _runs_after(api, deployment["id"], now) < _FEWEST_AHEAD
    ]
    if not idle:
        return None
    return f"their schedules are active and Prefect plans no runs for {', '.join(sorted(idle))}"


def find_dask_problem(address: str | None) -> str | None:
    """Ask a Dask scheduler for its workers; without an address nobody needs one."""
    if address is None:
        return None
    from distributed import Client  # noqa: PLC0415 - a second that others save

    try:
        with Client(address, timeout=_DASK_SECONDS, set_as_default=False) as client:
            threads = sum(client.nthreads().values())
    except OSError:
        return f"no scheduler answers at {address}, so every batch fails"
    return None if threads else f"the scheduler at {address} has no workers, so every batch fails"


def _is_scheduled(deployment: dict[str, Any], before: datetime) -> bool:
    """Tell whether a deployment has an active schedule that nobody has touched since."""
    return not deployment["paused"] and any(
        schedule["active"] and datetime.fromisoformat(schedule["updated"]) < before
        for schedule in deployment["schedules"]
    )


def _runs_after(api: PrefectApi, deployment: str, now: datetime) -> int:
    query = {
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {"expected_start_time": {"after_": now.isoformat()}},
    }
    return int(api.request("POST", "/flow_runs/count", query))
