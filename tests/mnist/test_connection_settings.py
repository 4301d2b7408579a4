"""One variable says whom every client trusts; a token opens MLflow."""

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
    _run("""
from mnist.settings import load_settings
from mnist.registry.client import mlflow_client
mlflow_client(load_settings()).get_registered_model("digits")
""")


def ask_by_prefect(_settings):
    _run("""
import asyncio
from prefect.client.orchestration import get_client
async def main():
    async with get_client() as client:
        await client.api_healthcheck()
asyncio.run(main())
""")


def _run(code):
    subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=100)


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
    with suppress(Exception):
        ask(load_settings())
    assert server.sent


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
