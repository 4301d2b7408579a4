"""The production files say what the local stack does, and no secret has a default."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import environment, services
from infra.identities import IDENTITIES
from infra.services import SERVICES, Service
from mnist.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "infra" / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
OURS = {name: each for name, each in COMPOSE["services"].items() if "build" in each}
DOCKERFILE = (ROOT / "infra" / "Dockerfile").read_text()

KNOWN_OF_OTHERS = {"HEALTH_URL"}


def twin(name: str) -> Service | None:
    """Find the process of the local stack that a service of the file corresponds to."""
    wanted = {"worker-scoring": "worker", "worker-training": "worker"}.get(name, name)
    return next((service for service in SERVICES if service.name == wanted), None)


def all_of(name: str) -> dict[str, str]:
    variables: dict[str, str] = OURS[name]["environment"]
    return variables


def test_every_process_of_the_local_stack_has_its_twin() -> None:
    assert {service.name for service in SERVICES} == {
        found.name for name in OURS if (found := twin(name))
    }


@pytest.mark.parametrize("name", [name for name in OURS if twin(name)])
def test_the_twin_runs_the_command_of_the_procfile(name: str) -> None:
    service = twin(name)
    assert service
    local = services.commands(ROOT / "Procfile")[service.name].split()
    words = OURS[name]["command"]
    if service.name == "worker":  # one for each queue there, one for all here
        queue = name.removeprefix("worker-")
        at = words.index("--work-queue")
        assert words[at + 1] == queue
        words = [*words[:at], *words[at + 2 :]]
        at = local.index("--name")
        local = [*local[:at], *local[at + 2 :]]
    assert words == local


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_somebody_reads(name: str) -> None:
    example = (ROOT / ".env.example").read_text()
    documented = {line.lstrip("#").partition("=")[0] for line in example.splitlines()}
    assert set(all_of(name)) <= documented | KNOWN_OF_OTHERS


@pytest.mark.parametrize("name", [name for name in OURS if twin(name)])
def test_a_container_is_given_the_secrets_of_its_twin_and_no_others(name: str) -> None:
    service = twin(name)
    assert service
    allowed = {*service.secrets}
    if service.identity:
        allowed |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        stem = f"STORE_{service.identity.name.upper()}_"
        assert all_of(name)["AWS_ACCESS_KEY_ID"].startswith(f"${{{stem}ACCESS_KEY_ID:?")
        assert all_of(name)["AWS_SECRET_ACCESS_KEY"].startswith(f"${{{stem}SECRET_ACCESS_KEY:?")
    if service.reads_models:
        allowed |= {"MLFLOW_TRACKING_PASSWORD"}
        assert all_of(name)["MLFLOW_TRACKING_PASSWORD"].startswith("${MLFLOW_READER_PASSWORD:?")
    given = services.SECRETS & all_of(name).keys()
    assert given <= allowed
    # A provider may take the place of the dashboard's passwords; nothing else may be missing.
    assert allowed - given <= {"MNIST_API_KEY"}


@pytest.mark.parametrize("name", OURS)
def test_the_clients_have_what_the_settings_require(name: str) -> None:
    required = {
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if field.is_required()
    }
    if name not in {"store", "prefect", "mlflow"}:
        assert required <= set(all_of(name))


def test_no_secret_has_a_default_or_a_value() -> None:
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith(("PASSWORD", "KEY", "KEY_ID", "TOKEN", "AUTH_STRING")):
                # Grafana is optional and checks for itself.
                pattern = r"\$\{\w+:\?.+\}" if name != "grafana" else r"\$\{GRAFANA_PASSWORD:-\}"
                assert re.fullmatch(pattern, str(value)), f"{name}: {variable}"


def test_every_secret_is_in_the_example_and_empty_there() -> None:
    # Whoever copies it fills in every empty line, with random characters as it says at its top.
    example = (ROOT / "infra" / "compose.env.example").read_text()
    offered = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z_]+):\?", TEXT)) | {"GRAFANA_PASSWORD"} == set(offered)
    assert set(offered.values()) == {""}
    assert {name for each in IDENTITIES for name in each.key_variables} <= set(offered)


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_images_are_pinned_and_everything_has_a_health_check(name: str) -> None:
    service = COMPOSE["services"][name]
    if "build" not in service:
        pinned = r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?"
        assert re.fullmatch(rf"\$\{{\w+_IMAGE:-{pinned}\}}", service["image"])
    if name != "provision":  # it ends
        assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for port in COMPOSE["services"][name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_who_takes_pickles_has_a_network_to_itself_and_publishes_nothing() -> None:
    members = {n for n, each in COMPOSE["services"].items() if "dask" in each.get("networks", [])}
    assert members == {"dask-scheduler", "dask-worker", "watcher"}
    assert not any("ports" in COMPOSE["services"][name] for name in members)
    assert COMPOSE["services"]["dask-scheduler"]["networks"] == ["dask"]


def test_of_the_store_only_the_s3_port_is_published() -> None:
    port = COMPOSE["services"]["store"]["environment"]["SEAWEEDFS_S3_PORT"]
    assert COMPOSE["services"]["store"]["ports"] == [f"127.0.0.1:{port}:{port}"]


@pytest.mark.parametrize("name", OURS)
def test_a_container_can_change_nothing_but_its_volume(name: str) -> None:
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    for volume in service.get("volumes", []):
        if not volume.endswith(":ro"):
            assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_who_is_waited_for_exists_and_has_a_health_check() -> None:
    for service in COMPOSE["services"].values():
        for name in service.get("depends_on", []):
            assert name in COMPOSE["services"]


def test_the_event_path_is_the_one_the_watcher_listens_on() -> None:
    store = all_of("store")["WEED_NOTIFICATION_WEBHOOK_ENDPOINT"]
    assert store == f"http://watcher:{all_of('watcher')['MNIST_EVENTS_PORT']}" + (
        environment.EVENTS_PATH
    )


def test_the_image_is_built_from_the_hashed_lock_and_runs_as_nobody_special() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    assert stages == ["${BASE}", "${BASE}"]
    assert re.search(r"^ARG BASE=python:3\.\d+\.\d+-slim-\w+$", DOCKERFILE, flags=re.MULTILINE)
    assert DOCKERFILE.count("--require-hashes") == 2
    # Packages for development are in the lock, and not in what pyproject.toml asks for.
    assert "-r pyproject.toml -c requirements.lock" in DOCKERFILE
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, flags=re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE
    assert not re.search(r"(?i)(password|secret|token)\s*=", DOCKERFILE)


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored


def test_the_image_has_what_hides_tracebacks_from_visitors() -> None:
    assert "COPY .streamlit ./.streamlit" in DOCKERFILE
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored.index(".streamlit/secrets.toml") > ignored.index("!.streamlit")


def test_the_ready_dashboard_asks_for_measures_that_the_api_has() -> None:
    dashboard = json.loads((ROOT / "infra" / "grafana" / "dashboards" / "api.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"mnist_api_\w+", target["expr"])
    }
    telemetry = (ROOT / "api" / "telemetry.py").read_text()
    known = set(re.findall(r'"(mnist_api_\w+)"', telemetry))
    assert {re.sub(r"_(total|bucket)$", "", name) for name in asked} <= known
    assert len(asked) >= 6


def test_prometheus_asks_a_service_of_the_file_on_its_port() -> None:
    scraped = yaml.safe_load((ROOT / "infra" / "prometheus" / "prometheus.yaml").read_text())
    for job in scraped["scrape_configs"]:
        (target,) = job["static_configs"][0]["targets"]
        name, _, port = target.partition(":")
        assert COMPOSE["services"][name]["environment"]["MNIST_API_PORT"] == port


def test_the_image_holds_every_package_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    for package in packages:
        assert f"COPY {package} ./{package}\n" in DOCKERFILE
        assert f"!{package}" in sent


def test_a_process_of_ours_is_a_folder_of_the_same_name() -> None:
    for name, command in services.commands(ROOT / "Procfile").items():
        words = command.split()
        if words[:2] == ["python", "-m"] and not words[2].startswith("infra."):
            assert words[2] == name
            assert (ROOT / name / "__main__.py").exists()
        assert f"| {name} |" in (ROOT / "docs" / "architecture.md").read_text()
