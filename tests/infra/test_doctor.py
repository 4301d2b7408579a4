"""The doctor names the cause first, and guesses nothing about what depends on it."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from infra.doctor import Doctor, Finding
from infra.services import MLFLOW, PREFECT, SERVICES, STORE, Service
from infra.stack import Health


def examined(
    *stopped: Service, variables: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Finding]:
    processes = [
        Health(each, None, None, "does not run" if each in stopped else None) for each in SERVICES
    ]
    everywhere = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
        "PREFECT_API_URL": "http://127.0.0.1:1/api",
        "PREFECT_API_AUTH_STRING": "admin:password",
    }
    doctor = Doctor(Path.cwd(), Path.cwd(), everywhere | dict(variables), processes)
    return {finding.check: finding for finding in doctor.examine()}


def test_what_needs_a_stopped_process_is_not_asked():
    found = examined(STORE, MLFLOW, PREFECT)
    assert found["process store"].problem == "does not run"
    assert "make up" in found["process store"].remedy
    assert found["conditional writes"].problem == "cannot be told without store"
    assert found["champion"].problem == "cannot be told without mlflow and store"
    assert found["late runs"].problem == "cannot be told without prefect"
    assert found["disk"].problem is None or "GB" in found["disk"].problem
    assert found["versions"].problem is None


def test_what_lives_and_does_not_answer_is_named_once_more():
    found = examined(STORE, MLFLOW)
    assert "http://127.0.0.1:1/api" in str(found["deployments"].problem)
