"""One variable says whom every client trusts; a token opens MLflow."""

import os
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from mnist.orchestrator import PrefectApi
from mnist.registry.rest import MlflowRest
from mnist.settings import load_settings
from mnist.storage.clients import StoreClients
from tests.recording import make_authority, recording


def ask_boto3(settings):
    StoreClients(settings).control.head_bucket(Bucket="bucket")


def ask_obstore(settings):
    StoreClients(settings).data("bucket", retries=0).get("key")


def ask_registry(settings):
    with closing(MlflowRest.of(settings)) as registry:
        registry.version("digits", "1")


def ask_prefect(settings):
    PrefectApi(settings.prefect_api_url).require_health()


def ask_by_mlflow(_settings):
    _in_a_process("""
from mnist.settings import load_settings
from mnist.registry.client import mlflow_client
mlflow_client(load_settings()).get_registered_model("digits")
""")


def ask_by_prefect(_settings):
    _in_a_process("""
import asyncio
from prefect.client.orchestration import get_client
async def main():
    async with get_client() as client:
        await client.api_healthcheck()
asyncio.run(main())
""")


def _in_a_process(code):
    """Run code for which nothing counts but the variables that name the server."""
    passed_on = {name: os.environ[name] for name in (*VARIABLES, "SSL_CERT_FILE", "PATH")}
    home = dict.fromkeys(("HOME", "PREFECT_HOME"), os.environ["PREFECT_HOME"])
    subprocess.run(
        [sys.executable, "-c", code],
        env=passed_on | home | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"},
        check=True,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )


def words_of(ask):
    """Let a client ask, and say what came of it; the server answers everything with 404."""
    try:
        ask(load_settings())
    except subprocess.CalledProcessError as error:
        return f"ended with {error.returncode}: {error.stderr[-2_000:]}"
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
        return repr(error)
    return "no complaint"


VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "PREFECT_API_URL",
)

_SECONDS = 240
"""Importing MLflow takes 4 s on an idle machine, and a minute on one with ten times its load."""

CLIENTS = [ask_boto3, ask_obstore, ask_registry, ask_prefect, ask_by_mlflow, ask_by_prefect]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server whose authority only `SSL_CERT_FILE` knows, named as every service."""
    authority = make_authority(tmp_path)
    with recording(authority.certificate) as recorder:
        for name, value in {
            "AWS_ENDPOINT_URL": recorder.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "MLFLOW_TRACKING_URI": recorder.url,
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "PREFECT_API_URL": f"{recorder.url}/api",
            "SSL_CERT_FILE": str(authority.file),
        }.items():
            monkeypatch.setenv(name, value)
        yield recorder


@pytest.mark.parametrize("ask", CLIENTS, ids=lambda ask: ask.__name__)
def test_every_client_trusts_whom_the_variable_names(server, ask):
    words = words_of(ask)
    assert server.sent, f"nothing was sent; the client: {words}"


def test_a_client_that_cannot_even_ask_is_heard(server):
    assert "No module named 'nowhere'" in words_of(lambda _: _in_a_process("import nowhere"))
    assert not server.sent


@pytest.mark.parametrize("ask", CLIENTS[:4], ids=lambda ask: ask.__name__)
def test_without_it_nobody_trusts_the_server(server, ask, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr("mnist.storage.clients.MAX_RETRIES", 0)
    with suppress(Exception):
        ask(load_settings())
    assert not server.sent


def test_a_token_goes_to_the_registry_unless_there_is_a_login(monkeypatch):
    with recording() as mlflow:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow.url)
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
        with suppress(Exception):
            ask_registry(load_settings())
        assert mlflow.last.headers["authorization"] == "Bearer t0ken"
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "reader")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "password")
        with suppress(Exception):
            ask_registry(load_settings())
        assert mlflow.last.headers["authorization"].startswith("Basic ")
