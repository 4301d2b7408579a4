"""Schedules that plan nothing, and Dask workers that are away, are found by asking for them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from distributed import LocalCluster

from infra.ports import free_ports
from infra.scheduling import find_dask_problem, find_idle_schedules
from mnist.orchestrator import PrefectApi
from tests.waiting import wait_until_up

AT_ONCE = timedelta(0)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectApi]:
    """A Prefect server whose services are off, so nothing is ever scheduled."""
    folder = tmp_path_factory.mktemp("prefect")
    (port,) = free_ports(1)
    environment = {**os.environ, "PREFECT_HOME": str(folder)}
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-services"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        wait_until_up(f"{url}/health", process, folder / "server.log", 120)
        yield PrefectApi(url, trust_env=False)
    finally:
        process.terminate()
        process.wait()


def deployment(api: PrefectApi, name: str, *, active: bool = True) -> Any:
    flow = api.request("POST", "/flows/", {"name": name})["id"]
    content = {
        "name": "default",
        "flow_id": flow,
        "entrypoint": f"flows/{name}.py:{name}",
        "schedules": [{"active": active, "schedule": {"cron": "7 * * * *"}}],
    }
    return api.request("POST", "/deployments/", content)


@pytest.mark.slow
def test_an_active_schedule_without_next_runs_is_named(api: PrefectApi) -> None:
    made = deployment(api, "sweep")
    deployment(api, "paused", active=False)
    assert find_idle_schedules(api) is None  # the server may still be about to plan them
    assert "plans no runs for flows/sweep.py:sweep" in str(find_idle_schedules(api, AT_ONCE))
    for hours in (1, 2):
        at = datetime.now(UTC) + timedelta(hours=hours)
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
        api.request("POST", f"/deployments/{made['id']}/create_flow_run", {"state": state})
    assert find_idle_schedules(api, AT_ONCE) is None


def test_without_a_dask_scheduler_in_the_settings_none_is_missed() -> None:
    assert find_dask_problem(None) is None


def test_a_dask_scheduler_that_is_away_is_named() -> None:
    (port,) = free_ports(1)
    assert f"answers at tcp://127.0.0.1:{port}" in str(find_dask_problem(f"tcp://127.0.0.1:{port}"))


def test_a_dask_scheduler_without_workers_is_named() -> None:
    with LocalCluster(n_workers=0, dashboard_address=None, processes=False) as cluster:
        assert "has no workers" in str(find_dask_problem(cluster.scheduler_address))
        cluster.scale(1)
        cluster.wait_for_workers(1, timeout=30)
        assert find_dask_problem(cluster.scheduler_address) is None
