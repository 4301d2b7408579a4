"""Settings from the environment: what is wrong is named, what is empty counts as not set."""

import pytest

from mnist.errors import InvalidSettings
from mnist.settings import Settings, load_settings

_REQUIRED = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _REQUIRED.items():
        monkeypatch.setenv(name, value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MNIST_DASK_SCHEDULER", "MNIST_DATA_DIR", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "")
    settings = load_settings()
    assert settings.dask_scheduler is settings.data_dir is settings.s3_endpoint_url is None


def test_a_required_one_that_is_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    with pytest.raises(InvalidSettings, match="MLFLOW_TRACKING_URI is not set"):
        load_settings()


def test_an_impossible_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_READ_THREADS", "many")
    with pytest.raises(InvalidSettings, match=r"MNIST_READ_THREADS.*'many'"):
        load_settings()


def test_variables_of_another_place_are_read_by_the_same_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables = _REQUIRED | {"MNIST_RESULTS_BUCKET": "rows", "MNIST_DATA_DIR": "", "DATA_DIR": "/x"}
    monkeypatch.setenv("MNIST_DATA_DIR", "/of/this/process")
    settings = Settings.of_variables(variables)
    assert settings.results_bucket == "rows"
    assert settings.data_dir is None
    with pytest.raises(InvalidSettings, match=r"MNIST_READ_THREADS.*'many'"):
        Settings.of_variables(variables | {"MNIST_READ_THREADS": "many"})
