"""The server lets in who comes by the address that people are given."""

import pytest

from infra import mlflow_server

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
