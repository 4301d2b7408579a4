"""A batch is announced to programs, although the watcher is killed before it could do so."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from prefect.settings import get_current_settings
from standardwebhooks import Webhook

from infra.ports import free_ports
from mnist.keys import current_key, delivery_key, receipt_key
from mnist.operations.completion_message import completion_message
from tests.factories import png
from tests.receiver import SECRET, receiver
from tests.watching import environment, wait_until, watcher  # noqa: F401 - the first is a fixture


@pytest.fixture
def port():
    (free,) = free_ports(1)
    return free


@pytest.fixture
def announcing(environment, port):  # noqa: F811 - the fixture of that name
    """The environment of a watcher that announces to a receiver at this port."""
    return environment | {
        "MNIST_WEBHOOK_URL": f"http://127.0.0.1:{port}/hooks",
        "MNIST_WEBHOOK_SECRET": SECRET,
        "MNIST_DASHBOARD_URL": "http://127.0.0.1:8501",
    }


def event_ids(batch: str) -> list[str]:
    """Ask Prefect for the events of a batch that has its receipt."""
    query = {
        "event": {"name": ["batch.completed", "batch.failed"]},
        "resource": {"id": [f"mnist.batch.{batch}"]},
    }
    url = f"{get_current_settings().api.url}/events/filter"
    answer = httpx.post(url, json={"filter": query, "limit": 50}, trust_env=False)
    return [event["id"] for event in answer.raise_for_status().json()["events"]]


@pytest.mark.slow
def test_a_watcher_killed_between_receipt_and_message_announces_after_its_start(
    announcing, port, inbox_bucket, results_bucket, results, services, tmp_path
):
    log = tmp_path / "watcher.log"
    inbox_bucket.put("b/1.png", png(1))
    with watcher(announcing, log) as process:
        wait_until(lambda: bool(results.receipts("b")), log)
        process.send_signal(signal.SIGKILL)
        process.wait()
    (receipt,) = results.receipts("b")
    record = delivery_key(receipt_key("b", receipt.run.name))
    assert not results_bucket.exists(record)

    with receiver(port) as there, watcher(announcing, log):
        there.answers = [(503, {"Retry-After": "1"}), (500, {})]
        wait_until(lambda: results_bucket.exists(record), log)
    assert len(there.received) >= 3, "refused twice, then accepted"
    assert len(set(there.ids)) == 1
    headers, body = there.received[-1]
    data = Webhook(SECRET).verify(body, headers)["data"]
    assert data["receipt"] == receipt_key("b", receipt.run.name)
    assert data["links"]["batch"] == "http://127.0.0.1:8501/batches?batch=b"
    assert data["links"]["run"].endswith(f"/flow-run/{receipt.run.flow_run or receipt.run.name}")
    for kind, key in data["current"].items():
        assert key == current_key("b", kind)
        assert results_bucket.fetch(key)
    expected = str(completion_message(receipt, services).event_id)
    assert event_ids("b").count(expected) == 1


@pytest.mark.slow
def test_the_receiver_of_the_documents_hears_a_running_watcher(
    announcing, port, inbox_bucket, tmp_path
):
    page = Path("docs/results.md").read_text()
    (program,) = (
        code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Receiver" in code
    )
    (tmp_path / "receiver.py").write_text(program)
    log, heard = tmp_path / "watcher.log", tmp_path / "heard"
    with heard.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, str(tmp_path / "receiver.py"), str(port)],
            env={**os.environ, "MNIST_WEBHOOK_SECRET": SECRET},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        inbox_bucket.put("a b/1.png", png(1))
        with watcher(announcing, log):
            wait_until(lambda: "batch.completed receipts/a b/" in heard.read_text(), log)
    finally:
        running.kill()
        running.wait()


@pytest.mark.slow
def test_a_watcher_without_a_secret_says_so_and_ends(announcing, tmp_path):
    log = tmp_path / "watcher.log"
    environment = announcing | {"MNIST_WEBHOOK_SECRET": ""}  # noqa: F811 - of this watcher
    with watcher(environment, log) as process:
        assert process.wait(60) != 0
    assert "MNIST_WEBHOOK_SECRET is not" in log.read_text()


def test_the_body_is_what_the_documents_show(services):
    page = Path("docs/results.md").read_text()
    (shown,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    message = json.loads(shown)
    assert set(message) == {"type", "timestamp", "data"}
