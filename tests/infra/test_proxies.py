"""With a proxy in the environment, servers of this machine are still asked directly."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from infra.__main__ import app
from infra.proxies import direct_to_loopback
from infra.store import running_store
from mnist.storage.bucket import Bucket


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
