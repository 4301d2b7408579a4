"""With a proxy in the environment, servers of ours are still asked directly."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from infra.__main__ import app
from infra.proxies import direct_to_loopback
from infra.store import running_store
from mnist.storage.bucket import Bucket
from tests.infra.test_kubernetes import COMPOSE, WORKLOADS, pod
from tests.recording import recording


@pytest.fixture
def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment whose proxy refuses every connection, and names no exception."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards


@pytest.mark.usefixtures("dead_proxy")
def test_every_client_of_a_store_of_ours_reaches_it(tmp_path: Path) -> None:
    with running_store(tmp_path, buckets=("inbox",)) as store:  # boto3 made the bucket
        Bucket.on_s3(store.settings(), "inbox").require_listing()
        assert httpx.get(f"{store.endpoint_url}/healthz").is_success


@pytest.mark.usefixtures("dead_proxy")
def test_each_command_of_the_stack_sees_to_it(tmp_path: Path) -> None:
    with running_store(tmp_path) as store, pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "")
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{store.endpoint_url}/healthz")
        CliRunner().invoke(app, ["policy", "scorer"])
        assert httpx.get(f"{store.endpoint_url}/healthz").is_success


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_exceptions_of_ones_own_are_kept(name: str) -> None:
    assert direct_to_loopback({name: "intranet,localhost"}) == {
        "NO_PROXY": "127.0.0.1,localhost,::1,intranet",
        "no_proxy": "127.0.0.1,localhost,::1,intranet",
    }


HOST = re.compile(r"(?:://|@)([a-z][\w-]*)(?=[:/])")
CONTAINERS: dict[str, dict[str, Any]] = {
    f"compose {name}": each["environment"] for name, each in COMPOSE.items() if "build" in each
} | {
    f"kubernetes {name}": {
        each["name"]: each["value"] for each in pod(name)["containers"][0]["env"] if "value" in each
    }
    for name in WORKLOADS
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_asks_its_neighbours_directly(name: str) -> None:
    variables = CONTAINERS[name]
    hosts = {host for value in variables.values() for host in HOST.findall(str(value))}
    direct = variables["NO_PROXY"].split(",")
    assert hosts <= {*direct}
    assert {"127.0.0.1", "localhost"} <= {*direct}
    assert variables["no_proxy"] == variables["NO_PROXY"]
    if name.startswith("compose"):
        assert direct[-1] == "${NO_PROXY:-}"


ASK_ALL = """
import httpx, sys
from contextlib import suppress
from urllib.request import urlopen
import requests
from mnist.settings import load_settings
from mnist.storage.clients import StoreClients
clients = StoreClients(load_settings())
for ask in (
    lambda: clients.control.head_bucket(Bucket="bucket"),
    lambda: clients.data("bucket", retries=0).get("key"),
    lambda: httpx.get(sys.argv[1]),
    lambda: requests.get(sys.argv[1]),
    lambda: urlopen(sys.argv[1]),
):
    with suppress(Exception):
        ask()
"""


def test_every_client_knows_a_neighbour_by_its_name_from_a_list_that_may_end_with_nothing() -> None:
    """The name of the host decides, and the list of a container without hosts of one's own."""
    with recording() as neighbour, recording() as proxy:
        url = neighbour.url.replace("127.0.0.1", "localhost")
        hosts = COMPOSE["api"]["environment"]["NO_PROXY"].replace("${NO_PROXY:-}", "")
        environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_MAX_ATTEMPTS": "1",
            "MLFLOW_TRACKING_URI": url,
            "NO_PROXY": hosts,
            "no_proxy": hosts,
            "HTTP_PROXY": proxy.url,
            "http_proxy": proxy.url,
            "PATH": os.environ["PATH"],
        }
        ask = [sys.executable, "-c", ASK_ALL, url]
        done = subprocess.run(
            ask, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
    assert done.returncode == 0, done.stderr
    assert (len(neighbour.sent), proxy.sent) == (5, [])
