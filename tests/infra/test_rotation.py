"""Every key of the stack can get a new value, and it is known who has to be started anew for it."""

from pathlib import Path

import pytest

from infra import environment, rotation, settings_in_use
from infra.services import SECRETS
from mnist.errors import InvalidInput
from mnist.signatures import SigningKey

DATABASES = {
    "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg2://mlflow:old@db/mlflow",
    "MLFLOW_USERS_DATABASE_URI": "postgresql+psycopg2://mlflow:old@db/users",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://prefect:old@db/prefect",
}


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return environment.prepare(tmp_path, tmp_path / ".local")


def processes(variables: dict[str, str], *changed: str) -> set[str]:
    """Name whom a rotation starts anew, as `Stack.rotate` does."""
    new = variables | dict.fromkeys(changed, "another")
    return {service.name for service in settings_in_use.affected(variables, new)}


def test_every_secret_is_a_key_or_it_is_said_why_not(variables: dict[str, str]) -> None:
    used = variables | DATABASES | {"MNIST_API_KEY": "k" * 20}
    held = {name for names in rotation.keys(used).values() for name in names}
    assert held | rotation.NOT_OURS | rotation.FOLLOWING >= SECRETS
    assert not held & (rotation.NOT_OURS | rotation.FOLLOWING)
    values = rotation.new_values(rotation.ALL, used)
    assert values.keys() == held
    assert not {name for name, value in values.items() if used[name] == value}


def test_a_key_of_the_store_is_a_pair_by_whatever_name_it_is_called(
    variables: dict[str, str],
) -> None:
    pair = {"STORE_SCORER_ACCESS_KEY_ID", "STORE_SCORER_SECRET_ACCESS_KEY"}
    for name in ("scorer", *pair):
        assert rotation.new_values(name, variables).keys() == pair
    assert rotation.new_values("operator", variables).keys() == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }


@pytest.mark.parametrize("key", ["", "scoring", "MNIST_API_KEY", "NOTIFY_URL", "MLFLOW_PORT"])
def test_what_is_no_key_or_not_in_use_is_refused_with_the_keys_there_are(
    variables: dict[str, str], key: str
) -> None:
    with pytest.raises(InvalidInput, match=rf"no key '{key}'; there are operator, .*, all\."):
        rotation.new_values(key, variables)


def test_who_is_given_a_key_is_started_anew_and_nobody_else(variables: dict[str, str]) -> None:
    readers = {"api", "dashboard", "watcher"}
    assert processes(variables, "STORE_SCORER_SECRET_ACCESS_KEY") == {"store", "watcher"}
    assert processes(variables, "STORE_UPLOADER_SECRET_ACCESS_KEY") == {"store"}
    assert processes(variables, "MLFLOW_TRACKING_PASSWORD") == {"mlflow", "worker"}
    assert processes(variables, "MLFLOW_READER_PASSWORD") == {"mlflow", *readers}
    assert processes(variables, "DASHBOARD_EDITOR_PASSWORD") == {"dashboard"}
    signing = {"MNIST_SIGNING_KEY", "MNIST_TRUSTED_KEYS"}
    assert processes(variables, *signing) == {"worker", *readers}


def test_prefect_keeps_the_name_of_its_login(variables: dict[str, str]) -> None:
    (value,) = rotation.new_values("PREFECT_API_AUTH_STRING", variables).values()
    assert value.startswith("admin:")
    assert len(value) > 30


def test_a_role_of_the_database_has_one_password_in_all_its_addresses(
    variables: dict[str, str],
) -> None:
    values = rotation.new_values("MLFLOW_USERS_DATABASE_URI", variables | DATABASES)
    assert values.keys() == {"MLFLOW_BACKEND_STORE_URI", "MLFLOW_USERS_DATABASE_URI"}
    passwords = {url.partition("://mlflow:")[2].partition("@")[0] for url in values.values()}
    assert len(passwords) == 1
    assert "old" not in passwords
    assert "MLFLOW_BACKEND_STORE_URI" not in rotation.keys(variables)


def test_a_new_signing_key_is_trusted_beside_the_former_ones(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    former = SigningKey(variables["MNIST_SIGNING_KEY"]).public_key
    assert variables["MNIST_TRUSTED_KEYS"] == former
    values = rotation.new_values("MNIST_SIGNING_KEY", variables)
    new = environment.prepare(tmp_path, tmp_path / ".local", values)
    present = SigningKey(new["MNIST_SIGNING_KEY"]).public_key
    assert new["MNIST_TRUSTED_KEYS"] == f"{former},{present}"
    assert environment.prepare(tmp_path, tmp_path / ".local") == new


def test_a_stack_may_go_without_signatures(tmp_path: Path, variables: dict[str, str]) -> None:
    assert variables["MNIST_SIGNING_KEY"]
    new = environment.prepare(tmp_path, tmp_path / ".local", {"MNIST_SIGNING_KEY": ""})
    assert new["MNIST_SIGNING_KEY"] == ""
