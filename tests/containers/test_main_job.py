"""The main job in containers: MNIST mounted, retrain, drop, receipt, API, pages."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from infra.identities import UPLOADER
from tests.containers.compose import Containers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

_PORTS = {
    "store": "SEAWEEDFS_S3_PORT",
    "mlflow": "MLFLOW_PORT",
    "prefect": "PREFECT_SERVER_API_PORT",
    "api": "MNIST_API_PORT",
    "dashboard": "STREAMLIT_SERVER_PORT",
}


@pytest.fixture(scope="session")
def of_a_person(containers: Containers, variables: dict[str, str]) -> dict[str, str]:
    """The environment of whoever runs the system, outside of the containers."""
    ports = {
        variable: str(urlsplit(containers.address(name)).port) for name, variable in _PORTS.items()
    }
    return {
        **ports,
        **{name: variables[name] for name in UPLOADER.key_variables},
        "PATH": str(Path(sys.executable).parent),
        "AWS_ENDPOINT_URL": containers.address("store"),
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": variables["STORE_OPERATOR_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": variables["STORE_OPERATOR_SECRET_ACCESS_KEY"],
        "MLFLOW_TRACKING_URI": containers.address("mlflow"),
        "MLFLOW_TRACKING_USERNAME": "reader",
        "MLFLOW_TRACKING_PASSWORD": variables["MLFLOW_READER_PASSWORD"],
        "PREFECT_API_URL": f"{containers.address('prefect')}/api",
        "PREFECT_API_AUTH_STRING": variables["PREFECT_API_AUTH_STRING"],
        "MNIST_DATA_DIR": variables["MNIST_DATA_DIR"],
    }


@pytest.fixture(scope="session")
def job(containers: Containers, of_a_person: dict[str, str], tmp_path_factory) -> str:
    """What the demonstration prints: a training in a container, a dropped folder, its receipt."""
    environment = of_a_person | {"MNIST_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    done = subprocess.run(
        [sys.executable, "-m", "infra.demo"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)  # noqa: T201 - `make containers` shows it
    assert done.returncode == 0, done.stdout + done.stderr + containers.log("watcher")
    return done.stdout


def test_a_training_in_a_container_learns_from_the_mounted_mnist(job: str) -> None:
    assert "Data: mnist, 55000 images to train on" in job
    assert "version 1 promoted" in job


def test_a_dropped_folder_gets_its_receipt(job: str) -> None:
    assert "55 listed = 52 scored + 3 rejected" in job


def test_the_api_predicts_for_who_has_its_key(
    job: str, containers: Containers, variables: dict[str, str]
) -> None:
    digit = Path("examples/seven-ruled-paper.jpg").read_bytes()
    address = f"{containers.address('api')}/predict"
    assert httpx.post(address, files={"file": digit}).status_code == 401
    key = {"X-API-Key": variables["MNIST_API_KEY"]}
    answer = httpx.post(address, files={"file": digit}, headers=key, timeout=60).json()
    assert answer["prediction"] == 7
    assert answer["model_version"] == "1"


@pytest.mark.parametrize("name", ["store", "prefect", "mlflow", "api", "dashboard"])
def test_a_restarted_service_is_well_again(job: str, containers: Containers, name: str) -> None:
    containers.stop(name)
    containers.start(name)


def test_a_database_that_is_away_makes_prefect_not_ready_but_leaves_it_alive(
    job: str, containers: Containers
) -> None:
    alive = "http://127.0.0.1:4200/api/health"
    containers.stop("postgres")
    try:
        assert containers.answers("prefect", alive)
        assert not containers.is_healthy("prefect")
    finally:
        containers.start("postgres")
    containers.wait("prefect", "service_healthy")


def test_nothing_for_development_is_in_the_image(containers: Containers) -> None:
    packages = containers.execute("api", "sh", "-c", "ls /venv/lib/python3*/site-packages")
    assert "tensorflow" in packages.split()
    assert not {"pytest", "mypy", "ruff", "hypothesis", "playwright"} & set(packages.split())
