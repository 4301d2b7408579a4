"""Whatever is documented as a setting can be set in containers and on Kubernetes."""

import re
from pathlib import Path

import pytest

from infra import services
from tests.infra.test_kubernetes import COMPOSE, OBJECTS, WORKLOADS, pod
from tests.test_docs import FIELDS

FOLDER = Path(__file__).parents[2] / "infra"
OURS = {name: each for name, each in COMPOSE.items() if "build" in each}
OFFERED = {
    line.lstrip("#").partition("=")[0]
    for line in (FOLDER / "compose.env.example").read_text().splitlines()
}

OF_THE_LAYOUT = {
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "PREFECT_API_URL",
    "MNIST_API_HOST",
    "MNIST_API_PORT",
    "MNIST_CACHE_DIR",
    "MNIST_EVENTS_HOST",
    "MNIST_EVENTS_PORT",
}
"""Settings whose value follows from how the containers are put together."""

FOLDERS = {"MNIST_DATA_DIR", "MNIST_REAL_WORLD_DIR", "MNIST_HANDS_DIR"}

READS_MNIST = ("worker-scoring", "worker-training", "dashboard")


def given(name: str) -> dict[str, str]:
    variables: dict[str, str] = OURS[name]["environment"]
    return variables


@pytest.mark.parametrize("name", OURS)
def test_every_container_reads_the_file_of_settings(name: str) -> None:
    assert OURS[name]["env_file"] == [{"path": "settings.env", "required": False}]


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_pod_reads_the_config_map_of_settings(name: str) -> None:
    (container,) = pod(name)["containers"]
    settings = {"configMapRef": {"name": "digits-settings", "optional": True}}
    assert container["envFrom"] == [settings]


@pytest.mark.parametrize("variable", sorted(FIELDS))
def test_a_documented_setting_is_overridden_by_no_container(variable: str) -> None:
    fixed = {name for name in OURS if re.match(r"[^$]", str(given(name).get(variable, "$")))}
    assert not fixed or variable in OF_THE_LAYOUT


@pytest.mark.parametrize("variable", sorted(FIELDS))
def test_a_secret_or_a_path_has_a_line_of_its_own(variable: str) -> None:
    """A file of settings is no place for secrets, and a path means another one in a container."""
    asked = {
        match for name in OURS for match in re.findall(r"\$\{(\w+)", str(given(name).get(variable)))
    }
    if variable in services.SECRETS or variable in FOLDERS:
        assert asked
    assert asked <= OFFERED


@pytest.mark.parametrize("name", OURS)
def test_a_variable_that_may_be_left_out_hides_no_line_of_the_settings(name: str) -> None:
    """What compose.yaml sets to an empty text would win over infra/settings.env."""
    for variable, value in given(name).items():
        if re.fullmatch(r"\$\{\w+:-\}", str(value)):
            assert variable in {"NOTIFY_URL", "MNIST_WEBHOOK_URL", "MNIST_WEBHOOK_SECRET"}


def test_whom_to_tell_can_be_said() -> None:
    assert given("provision")["NOTIFY_URL"] == "${NOTIFY_URL:-}"
    (container,) = pod("provision")["containers"]
    (variable,) = [each for each in container["env"] if each["name"] == "NOTIFY_URL"]
    assert variable["valueFrom"]["secretKeyRef"]["optional"]


@pytest.mark.parametrize("name", READS_MNIST)
def test_who_works_with_mnist_has_it_mounted(name: str) -> None:
    assert "${MNIST_DATA_DIR:-mnist}:/mnist:ro" in OURS[name]["volumes"]
    assert given(name)["MNIST_DATA_DIR"] == "${MNIST_DATA_DIR:+/mnist}"
    (container,) = pod(name)["containers"]
    assert {"name": "MNIST_DATA_DIR", "value": "/mnist"} in container["env"]
    (mount,) = [each for each in container["volumeMounts"] if each["name"] == "mnist"]
    assert mount["mountPath"] == "/mnist"
    (volume,) = [each for each in pod(name)["volumes"] if each["name"] == "mnist"]
    claims = {o["metadata"]["name"] for o in OBJECTS if o["kind"] == "PersistentVolumeClaim"}
    assert volume["persistentVolumeClaim"]["claimName"] in claims


@pytest.mark.parametrize("name", READS_MNIST[:2])
def test_who_trains_has_the_sets_of_ones_own_mounted(name: str) -> None:
    assert "${MNIST_REAL_WORLD_DIR:-scans}:/scans:ro" in OURS[name]["volumes"]
    assert given(name)["MNIST_REAL_WORLD_DIR"] == "${MNIST_REAL_WORLD_DIR:+/scans}"
    assert "${MNIST_HANDS_DIR:-hands}:/hands:ro" in OURS[name]["volumes"]
    assert given(name)["MNIST_HANDS_DIR"] == "${MNIST_HANDS_DIR:+/hands}"
    (container,) = pod(name)["containers"]
    assert {"name": "MNIST_REAL_WORLD_DIR", "value": "/scans"} in container["env"]
    (mount,) = [each for each in container["volumeMounts"] if each["name"] == "scans"]
    assert mount["mountPath"] == "/scans"
    assert mount.get("readOnly", False) == (name == "worker-scoring")  # the other one is filled
    (volume,) = [each for each in pod(name)["volumes"] if each["name"] == "scans"]
    claims = {o["metadata"]["name"] for o in OBJECTS if o["kind"] == "PersistentVolumeClaim"}
    assert volume["persistentVolumeClaim"]["claimName"] in claims


def test_the_provider_of_logins_can_be_named() -> None:
    """Streamlit reads a file for it."""
    where = given("dashboard")["STREAMLIT_SECRETS_FILES"]
    assert f"${{STREAMLIT_SECRETS_FILE:-/dev/null}}:{where}:ro" in OURS["dashboard"]["volumes"]
    (volume,) = [each for each in pod("dashboard")["volumes"] if each["name"] == "login"]
    assert volume["secret"] == {"secretName": "digits-login", "optional": True}
    (container,) = pod("dashboard")["containers"]
    (mount,) = [each for each in container["volumeMounts"] if each["name"] == "login"]
    assert Path(where).parent == Path(mount["mountPath"])


def test_the_pages_of_prefect_lie_where_the_server_may_write() -> None:
    assert given("prefect")["PREFECT_SERVER_UI_STATIC_DIRECTORY"].startswith("/data/")


def test_the_pages_of_prefect_ask_the_address_they_were_opened_under() -> None:
    assert given("prefect")["PREFECT_SERVER_UI_API_URL"] == "/api"


@pytest.mark.parametrize(
    "name", [n for n in OURS if n.startswith(("dashboard", "watcher", "worker", "mlflow"))]
)
def test_links_lead_to_where_people_open_the_pages(name: str) -> None:
    assert given(name)["PREFECT_UI_URL"] == "${PREFECT_UI_URL:-http://127.0.0.1:4200}"
    for variable, port in (("MNIST_MLFLOW_PUBLIC_URL", 5000), ("MNIST_DASHBOARD_URL", 8501)):
        assert given(name)[variable] == f"${{{variable}:-http://127.0.0.1:{port}}}"


def probe(name: str, kind: str) -> list[str]:
    (container,) = pod(name)["containers"]
    command: list[str] = container[kind]["exec"]["command"]
    return command


@pytest.mark.parametrize(
    ("name", "alive"),
    [
        ("prefect", "http://127.0.0.1:4200/api/health"),
        ("worker-scoring", "tcp://127.0.0.1:8080"),
        ("worker-training", "tcp://127.0.0.1:8080"),
    ],
)
def test_who_waits_for_another_is_not_restarted_for_it(name: str, alive: str) -> None:
    """Ready asks the database, or when the worker last reached Prefect; alive asks neither."""
    assert probe(name, "livenessProbe") == ["python", "-m", "infra.healthcheck", alive]
    assert probe(name, "readinessProbe") == ["python", "-m", "infra.healthcheck"]


def test_the_database_is_asked_over_the_network() -> None:
    """While the image fills an empty volume the server answers at its socket, and then restarts."""
    assert "--host=127.0.0.1" in COMPOSE["postgres"]["healthcheck"]["test"]


@pytest.mark.parametrize("name", COMPOSE)
def test_a_file_system_in_memory_has_options_that_every_engine_knows(name: str) -> None:
    for entry in COMPOSE[name].get("tmpfs", []):
        assert ":" not in entry  # podman 4.3 knows neither uid= nor mode= as Docker does


def test_every_image_can_be_another() -> None:
    for name, service in COMPOSE.items():
        if "build" not in service:
            assert service["image"].startswith(f"${{{name.upper()}_IMAGE:-")
            assert f"{name.upper()}_IMAGE" in OFFERED
    base = re.search(r"^ARG BASE=(.+)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert base
    assert OURS["api"]["build"]["args"] == {"BASE": f"${{PYTHON_IMAGE:-{base[1]}}}"}
