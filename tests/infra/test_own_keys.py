"""Each process of the local stack is given its own keys and no others."""

import os
import subprocess

import pytest

from infra import environment
from infra.identities import SCORER, VIEWER
from infra.services import API, DASHBOARD, SECRETS, SERVICES, STORE, WATCHER, Service, own_keys


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("stack")
    return environment.prepare(folder, folder / ".local")


def environment_of(service: Service, variables: dict[str, str]) -> dict[str, str]:
    """Ask a real shell what is left when it has run the lines."""
    shell = subprocess.run(
        ["/bin/sh", "-c", own_keys(service) + "\nexec env -0"],
        env={"PATH": os.defpath} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(pair.split("=", 1) for pair in shell.stdout.rstrip("\0").split("\0"))


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_process_knows_no_secret_that_is_not_its_own(
    service: Service, variables: dict[str, str]
) -> None:
    known = environment_of(service, variables)
    own = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} if service.identity else set()
    own |= {"MLFLOW_TRACKING_PASSWORD"} if service.reads_models else set()
    assert SECRETS & known.keys() <= {*service.secrets, *own}
    operators = variables["AWS_SECRET_ACCESS_KEY"]
    assert (operators in known.values()) == (service is STORE)


def test_every_secret_of_the_stack_belongs_to_somebody(variables: dict[str, str]) -> None:
    looks_secret = ("_KEY", "_KEY_ID", "PASSWORD", "TOKEN", "AUTH_STRING")
    assert {name for name in variables if name.endswith(looks_secret)} <= SECRETS


def test_the_keys_to_the_store_are_those_of_the_identity(variables: dict[str, str]) -> None:
    for service, identity in ((WATCHER, SCORER), (DASHBOARD, VIEWER)):
        known = environment_of(service, variables)
        access, secret = (variables[name] for name in identity.key_variables)
        assert known["AWS_ACCESS_KEY_ID"] == access
        assert known["AWS_SECRET_ACCESS_KEY"] == secret


def test_who_only_reads_models_logs_in_as_the_reader(variables: dict[str, str]) -> None:
    for service in (API, DASHBOARD, WATCHER):
        known = environment_of(service, variables)
        assert known["MLFLOW_TRACKING_USERNAME"] == "reader"
        assert known["MLFLOW_TRACKING_PASSWORD"] == variables["MLFLOW_READER_PASSWORD"]
        assert variables["MLFLOW_TRACKING_PASSWORD"] not in known.values()
