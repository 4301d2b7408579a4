"""The server lets in who comes by the address that people are given, and trusts whom they trust."""

import os
import subprocess
import sys

import pytest

from infra import mlflow_server
from tests.recording import make_authority, recording

REQUIRED = dict.fromkeys(mlflow_server._REQUIRED, "x")


def test_a_public_address_is_let_in_besides_those_that_were(tmp_path) -> None:
    environment = {
        **REQUIRED,
        "MNIST_MLFLOW_PUBLIC_URL": "https://models.example.com/",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow:5000",
    }
    made = mlflow_server.server_environment(environment)
    assert made["MLFLOW_SERVER_ALLOWED_HOSTS"] == "mlflow:5000,models.example.com"
    assert made["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "https://models.example.com"


@pytest.mark.parametrize("address", ["", None])
def test_without_one_nothing_changes(address: str | None) -> None:
    given = REQUIRED | ({} if address is None else {"MNIST_MLFLOW_PUBLIC_URL": address})
    assert "MLFLOW_SERVER_ALLOWED_HOSTS" not in mlflow_server.server_environment(given)


LIST_ARTIFACTS = """
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
get_artifact_repository("s3://mlflow/run").list_artifacts()
"""


def test_one_variable_says_whom_it_trusts_where_its_artifacts_lie(tmp_path) -> None:
    authority = make_authority(tmp_path)
    with recording(authority.certificate) as store:
        environment = {
            **REQUIRED,
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": store.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_MAX_ATTEMPTS": "1",
            "SSL_CERT_FILE": str(authority.file),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        done = subprocess.run(
            [sys.executable, "-c", LIST_ARTIFACTS],
            env=mlflow_server.server_environment(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    assert store.sent, done.stderr[-2_000:]
    assert store.last.signed_by[0] == "key"


def test_a_bundle_of_ones_own_for_the_store_stays() -> None:
    given = REQUIRED | {"SSL_CERT_FILE": "/etc/all.pem", "AWS_CA_BUNDLE": "/etc/store.pem"}
    assert mlflow_server.server_environment(given)["AWS_CA_BUNDLE"] == "/etc/store.pem"
    assert "AWS_CA_BUNDLE" not in mlflow_server.server_environment(REQUIRED)
