"""A run of the watcher says that it lives, and at its end waits for nobody to say so."""

import threading
import time

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.score_batch import score_batch
from flows.support.heartbeats import HEARTBEAT, heartbeats
from tests.factories import png


@pytest.mark.usefixtures("wired")
def test_a_run_gives_a_sign_of_life_where_prefect_gives_none(inbox_bucket):
    inbox_bucket.put("alive/1.png", png(1))
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        score_batch("alive")
    named = FlowRunFilter(name=FlowRunFilterName(any_=["score-alive"]))
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_run_filter=named)
        resource = {"id": [f"prefect.flow-run.{run.id}"]}
        wanted = {"event": {"name": [HEARTBEAT]}, "resource": resource}
        deadline = time.monotonic() + 30
        while not client.request("POST", "/events/filter", json={"filter": wanted}).json()[
            "events"
        ]:
            assert time.monotonic() < deadline, "the run gave no sign of life"
            time.sleep(0.1)


@pytest.mark.usefixtures("prefect_api")
def test_its_thread_ends_with_the_block_however_long_its_pause():
    def beating():
        return [thread for thread in threading.enumerate() if thread.name == HEARTBEAT]

    with heartbeats("00000000-0000-0000-0000-000000000000", seconds=3600):
        assert len(beating()) == 1
    assert beating() == []
