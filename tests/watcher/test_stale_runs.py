"""Runs whose process is gone end as crashed, and nobody else's."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events import Event, Resource
from prefect.states import Completed, Running

from watcher.stale_runs import end_stale_runs

pytestmark = pytest.mark.usefixtures("prefect_api")


@flow
def forgotten() -> None:
    """Never runs."""


@pytest.fixture
def client():
    with get_client(sync_client=True) as made:
        yield made


def running(client, name: str, ago: timedelta | None):
    """Make a run that counts as running and last said so a while ago."""
    run = client.create_flow_run(forgotten, name=name)
    client.set_flow_run_state(run.id, Running(), force=True)
    if ago is not None:
        beat = Event(
            event="prefect.flow-run.heartbeat",
            occurred=datetime.now(UTC) - ago,
            resource=Resource({"prefect.resource.id": f"prefect.flow-run.{run.id}"}),
        )
        client.request("POST", "/events", json=[beat.model_dump(mode="json")])
        wanted = {"resource": {"id": [f"prefect.flow-run.{run.id}"]}}
        deadline = time.monotonic() + 30
        while not client.request("POST", "/events/filter", json={"filter": wanted}).json()[
            "events"
        ]:
            assert time.monotonic() < deadline, "the server did not take the heartbeat"
            time.sleep(0.1)
    return run.id


def test_only_a_run_that_has_gone_stale_is_ended(client):
    gone = running(client, "gone", ago=timedelta(minutes=5))
    alive = running(client, "alive", ago=timedelta(minutes=-5))
    mute = running(client, "mute", ago=None)
    assert not {"gone", "alive", "mute"} & set(end_stale_runs(client)), "none runs for so long"
    ended = end_stale_runs(client, limit=timedelta(0))
    assert "gone" in ended
    assert client.read_flow_run(gone).state.is_crashed()
    assert "process that ran this is gone" in client.read_flow_run(gone).state.message
    assert client.read_flow_run(alive).state.is_running()
    assert client.read_flow_run(mute).state.is_running()
    for run in (alive, mute):
        client.set_flow_run_state(run, Completed(), force=True)
