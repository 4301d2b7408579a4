"""The push path: a real store's webhook, and a recorded AWS event, over real HTTP."""

import json
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from infra import environment, seaweedfs
from infra.ports import free_ports
from infra.store import running_store
from mnist.errors import Unavailable
from mnist.storage.bucket import Bucket
from watcher.listener import PATH, ListenerThread, listener
from watcher.notification_queue import NotificationQueue

TOKEN = "t0ken-of-the-store"
AWS = json.loads(Path("tests/notifications/aws.json").read_text())


@pytest.fixture
def notifications() -> NotificationQueue:
    return NotificationQueue()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def url(notifications, port):
    app = listener(notifications, "inbox", SecretStr(TOKEN))
    with ListenerThread(app, "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}{PATH}"


def post(url, content, token=TOKEN):
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(url, content=content, headers=headers, trust_env=False)


def test_a_recorded_aws_event_rings_once_however_often_it_is_delivered(url, notifications):
    assert post(url, json.dumps(AWS)).json() == {"announced": 1, "new": 1}
    assert post(url, json.dumps(AWS)).json() == {"announced": 1, "new": 0}
    assert notifications.wait(5) == Counter({"monday scans": 1})


@pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], f"{TOKEN}x"])
def test_without_the_token_nothing_is_heard(url, notifications, token):
    answer = post(url, json.dumps(AWS), token)
    assert answer.status_code == 401
    assert notifications.wait(0) == Counter()
    assert httpx.post(url, json=AWS, trust_env=False).status_code == 401


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"Records": 1}', b"\xff", b"[" * 50_000])
def test_what_is_no_notification_is_refused(url, notifications, content):
    assert post(url, content).status_code == 400
    assert notifications.wait(0) == Counter()


def test_a_huge_message_is_not_swallowed(url):
    assert post(url, b" " * 1_000_001).status_code == 413


def test_there_is_no_other_page(url):
    root = url.removesuffix(PATH)
    answers = [httpx.get(f"{root}{path}", trust_env=False) for path in ("/", "/docs", PATH)]
    assert [answer.status_code for answer in answers] == [404, 404, 405]


def test_a_taken_port_is_said_at_once(url, port, notifications):
    second = ListenerThread(listener(notifications, "inbox", SecretStr(TOKEN)), "127.0.0.1", port)
    with pytest.raises(Unavailable, match="MNIST_EVENTS_PORT"):
        second.__enter__()


def test_what_is_written_into_a_real_store_rings(url, notifications, tmp_path, monkeypatch):
    for name, value in seaweedfs.notifying(url, TOKEN).items():
        monkeypatch.setenv(name, value)
    heard = Counter()
    with running_store(tmp_path, buckets=["inbox", "other"]) as store:
        Bucket.on_s3(store.settings(), "other").put("x/1.png", b"x")
        inbox = Bucket.on_s3(store.settings(), "inbox")
        for i in range(3):
            inbox.put(f"monday/ü {i}.png", b"x")
        inbox.put("monday/ü 0.png", b"another")
        deadline = time.monotonic() + 60
        while heard.total() < 4 and time.monotonic() < deadline:
            heard += notifications.wait(1)
    assert heard == Counter({"monday": 4})


def test_the_local_stack_announces_to_where_the_watcher_listens(tmp_path):
    variables = environment.prepare(tmp_path, tmp_path / ".local")
    announced_to = variables["WEED_NOTIFICATION_WEBHOOK_ENDPOINT"]
    assert announced_to == f"http://127.0.0.1:{variables['MNIST_EVENTS_PORT']}{PATH}"
    assert variables["WEED_NOTIFICATION_WEBHOOK_BEARER_TOKEN"] == variables["MNIST_EVENTS_TOKEN"]
