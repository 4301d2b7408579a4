"""The whole local stack, for real: up, healthy, closed to strangers, up again, down."""

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import httpx
import psutil
import pytest

from infra.doctor import Doctor
from infra.environment import PORT_NAMES
from infra.leftovers import find_leftovers
from infra.ports import GRPC_OFFSET
from infra.prefect_server import end_interrupted_runs, prefect_api
from infra.seaweedfs import ports_of
from infra.services import SECRETS, SERVICES
from infra.stack import Stack
from mnist.errors import AccessDenied
from mnist.registry.rest import MlflowRest

pytestmark = [pytest.mark.slow(seconds=90), pytest.mark.timeout(1_200)]

ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """A stack that is up, what it said, and how to reach it."""

    stack: Stack
    directory: Path
    variables: dict[str, str]
    said: list[str] = field(default_factory=list)

    def pid(self, name: str) -> int:
        (health,) = [health for health in self.stack.health() if health.service.name == name]
        assert health.state is not None
        return health.state.pid

    def prefect(self) -> httpx.Client:
        name, _, password = self.variables["PREFECT_API_AUTH_STRING"].partition(":")
        return httpx.Client(base_url=self.variables["PREFECT_API_URL"], auth=(name, password))


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The stack of this checkout with its state in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):  # pytest's path is too long for a socket
        said: list[str] = []
        directory = Path(folder).resolve() / ".local"
        stack = Stack(ROOT, directory, say=said.append)
        (directory.parent / "system-temporary").mkdir()
        patch.setenv("TMPDIR", str(directory.parent / "system-temporary"))
        try:
            yield Running(stack, directory, stack.up(), said)
        finally:
            stack.down()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "this did not become true within 60 s"
        time.sleep(0.1)


def test_everything_is_healthy_and_was_reported(running: Running) -> None:
    assert {health.service.name: health.problem for health in running.stack.health()} == {
        service.name: None for service in SERVICES
    }
    ready = {line.partition(" ready")[0] for line in running.said if " ready after " in line}
    assert ready == {service.name for service in SERVICES}


def test_every_listener_is_on_loopback(running: Running) -> None:
    processes = find_leftovers(running.directory / "supervisor.sock")  # all of them, as it runs
    listening = [
        (" ".join(process.cmdline()), connection.laddr.ip)
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    for name in ("weed", "uvicorn", "prefect", "dashboard"):
        assert any(name in command for command, _ in listening), f"{name} listens nowhere"
    assert {address for _, address in listening} == {"127.0.0.1"}


def test_the_buckets_are_there(running: Running) -> None:
    session = boto3.Session(
        running.variables["AWS_ACCESS_KEY_ID"], running.variables["AWS_SECRET_ACCESS_KEY"]
    )
    s3 = session.client("s3", endpoint_url=running.variables["AWS_ENDPOINT_URL"])
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert names == {"inbox", "results", "labels", "datasets", "mlflow"}


def test_mlflow_asks_for_its_password(running: Running) -> None:
    url = f"{running.variables['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/experiments/search"
    query = {"max_results": 1}
    assert httpx.get(url, params=query).status_code == 401
    assert httpx.get(url, params=query, auth=("admin", "password1234")).status_code == 401
    assert httpx.get(running.variables["MLFLOW_TRACKING_URI"]).status_code == 401


def test_the_reader_changes_nothing_in_mlflow(running: Running) -> None:
    login = ("reader", running.variables["MLFLOW_READER_PASSWORD"])
    url = f"{running.variables['MLFLOW_TRACKING_URI']}/api/2.0"
    admin = (
        running.variables["MLFLOW_TRACKING_USERNAME"],
        running.variables["MLFLOW_TRACKING_PASSWORD"],
    )
    model = {"name": "of-the-administrator"}
    made = httpx.post(f"{url}/mlflow/registered-models/create", json=model, auth=admin)
    assert made.is_success
    found = httpx.get(f"{url}/mlflow/registered-models/get", params=model, auth=login)
    assert found.is_success
    alias = {**model, "alias": "champion", "version": "1"}
    moved = httpx.post(f"{url}/mlflow/registered-models/alias", json=alias, auth=login)
    assert moved.status_code == 403
    deleted = httpx.request(
        "DELETE", f"{url}/mlflow/registered-models/delete", json=model, auth=login
    )
    assert deleted.status_code == 403
    planted = httpx.put(f"{url}/mlflow-artifacts/artifacts/planted.onnx", content=b"", auth=login)
    assert planted.status_code == 403


def test_before_the_first_model_no_credentials_are_blamed(running: Running) -> None:
    """MLflow answers 403 when its reader asks for a model that does not exist."""
    uri = running.variables["MLFLOW_TRACKING_URI"]
    reader = ("reader", running.variables["MLFLOW_READER_PASSWORD"])
    with closing(MlflowRest(uri, reader)) as mlflow:
        assert mlflow.aliased("digits", "champion") is None
    with (
        closing(MlflowRest(uri, ("reader", "another"))) as mlflow,
        pytest.raises(AccessDenied, match="refused the credentials"),
    ):
        mlflow.aliased("digits", "champion")
    address = f"http://127.0.0.1:{running.variables['MNIST_API_PORT']}/health"
    eventually(lambda: "Nothing was promoted yet" in httpx.get(address).json()["problem"])
    assert httpx.get(address).json()["status"] == "no-champion"
    log = (running.directory / "logs" / "api.log").read_text()
    assert "refused the credentials" not in log


def test_mlflow_keeps_its_records_here_and_artifacts_in_the_store(running: Running) -> None:
    login = (
        running.variables["MLFLOW_TRACKING_USERNAME"],
        running.variables["MLFLOW_TRACKING_PASSWORD"],
    )
    with httpx.Client(base_url=running.variables["MLFLOW_TRACKING_URI"], auth=login) as mlflow:
        api = "/api/2.0/mlflow-artifacts/artifacts/probe/a.txt"
        mlflow.put(api, content=b"kept").raise_for_status()
    s3 = boto3.client(
        "s3",
        endpoint_url=running.variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=running.variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=running.variables["AWS_SECRET_ACCESS_KEY"],
    )
    assert s3.get_object(Bucket="mlflow", Key="probe/a.txt")["Body"].read() == b"kept"
    assert (running.directory / "mlflow" / "mlflow.db").exists()
    assert (running.directory / "mlflow" / "users.db").exists()


def test_prefect_asks_for_its_password_and_refuses_forged_posts(running: Running) -> None:
    pools = f"{running.variables['PREFECT_API_URL']}/work_pools/default"
    assert httpx.get(pools).status_code == 401
    assert httpx.get(pools, auth=("admin", "wrong")).status_code == 401
    with running.prefect() as api:
        assert api.post("/deployments/count", json={}).status_code == 403  # without CSRF token
        assert api.get("/work_pools/default").json()["type"] == "process"


def test_prefect_answers_pages_of_its_own_only(running: Running) -> None:
    with running.prefect() as api:
        ours = running.variables["PREFECT_API_URL"].removesuffix("/api")
        allowed = {
            origin: api.get("/health", headers={"Origin": origin}).headers.get(
                "Access-Control-Allow-Origin"
            )
            for origin in (ours, "https://elsewhere.example")
        }
    assert allowed == {ours: ours, "https://elsewhere.example": None}


def test_a_schedule_really_gets_its_runs(running: Running) -> None:
    """With the wrong SQLAlchemy the server starts and its scheduler never does anything."""

    def scheduled() -> bool:
        wanted = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        api = prefect_api(running.variables)
        return int(api.request("POST", "/flow_runs/count", wanted)) > 0

    eventually(scheduled)


def test_a_run_that_was_interrupted_ends_as_crashed_and_a_finished_one_stays(
    running: Running,
) -> None:
    api = prefect_api(running.variables)
    flow = api.request("POST", "/flows/", {"name": "made-by-a-test"})["id"]
    runs = {
        state: api.request("POST", "/flow_runs/", {"flow_id": flow, "state": {"type": state}})
        for state in ("RUNNING", "PENDING", "COMPLETED")
    }
    ended = end_interrupted_runs(api)
    after = {
        state: api.request("GET", f"/flow_runs/{run['id']}")["state"]["type"]
        for state, run in runs.items()
    }
    assert {runs["RUNNING"]["name"], runs["PENDING"]["name"]} <= set(ended)
    assert after == {"RUNNING": "CRASHED", "PENDING": "CRASHED", "COMPLETED": "COMPLETED"}


def test_a_dead_process_comes_back(running: Running) -> None:
    before = running.pid("dashboard")
    psutil.Process(before).kill()
    eventually(lambda: running.pid("dashboard") not in {0, before})


def test_up_again_changes_nothing(running: Running) -> None:
    eventually(lambda: all(health.problem is None for health in running.stack.health()))
    before = {service.name: running.pid(service.name) for service in SERVICES}
    said = len(running.said)
    assert running.stack.up() == running.variables
    assert {service.name: running.pid(service.name) for service in SERVICES} == before
    assert running.said[said:] == []


def test_changed_settings_arrive_at_up_and_the_doctor_says_where_they_have_not(
    running: Running,
) -> None:
    file = running.directory / "env"
    env = file.read_text()

    def of_all(name: str) -> dict[str, str | None]:
        return {
            each.name: psutil.Process(running.pid(each.name)).environ().get(name)
            for each in SERVICES
        }

    def outdated() -> str | None:
        variables = running.stack.variables()
        doctor = Doctor(ROOT, running.directory, variables, running.stack.health())
        (found,) = [each for each in doctor.examine() if each.check == "settings in use"]
        return found.problem

    assert outdated() is None
    before = {each.name: running.pid(each.name) for each in SERVICES}
    file.write_text(env + "export MNIST_REVIEWS_NEEDED='1'\nexport OMP_NUM_THREADS='3'\n")
    assert str(outdated()).startswith("store, mlflow, prefect, api")  # all look at the latter
    file.write_text(env + "export MNIST_REVIEWS_NEEDED='1'\n")
    ours = {"api", "dashboard", "worker", "watcher"}
    assert {*str(outdated()).partition(":")[0].split(", ")} == ours
    running.stack.up()
    assert {name for name, value in of_all("MNIST_REVIEWS_NEEDED").items() if value == "1"} == ours
    after = {each.name: running.pid(each.name) for each in SERVICES}
    assert {name for name in after if after[name] != before[name]} == ours
    assert "starting anew with changed settings: watcher, worker, dashboard, api" in running.said
    assert outdated() is None

    file.write_text(
        "".join(
            line
            for line in file.read_text().splitlines(keepends=True)
            if "MNIST_REVIEWS_NEEDED" not in line
        )
    )
    running.stack.up()
    assert set(of_all("MNIST_REVIEWS_NEEDED").values()) == {None}
    assert outdated() is None


def test_no_secret_is_in_a_log_a_database_or_a_script_nor_on_a_command_line(
    running: Running,
) -> None:
    """Run names, parameters and tags lie in the databases of Prefect and MLflow."""
    variables = running.variables
    secrets = [
        variables[name].rpartition(":")[2].encode()
        for name in SECRETS & variables.keys()
        if not name.endswith("ACCESS_KEY_ID") or name.endswith("SECRET_ACCESS_KEY")
    ]
    files = [file for file in running.directory.rglob("*") if file.is_file() and file.name != "env"]
    texts = [file.read_bytes() for file in files]
    processes = find_leftovers(running.directory / "supervisor.sock")
    texts += [" ".join(process.cmdline()).encode() for process in processes]
    assert len(secrets) > 15
    assert {"prefect.db", "mlflow.db", "worker.log", "worker.sh"} <= {file.name for file in files}
    assert not [secret[:4] for secret in secrets for text in texts if secret in text]


def test_every_port_asks_who_is_there_or_the_documents_say_why_not(running: Running) -> None:
    document = (ROOT / "docs" / "security.md").read_text()
    open_to_all = set(re.findall(r"^\| `(\w+)` \| nobody is asked", document, flags=re.MULTILINE))
    documented = set(re.findall(r"^\| `(\w+_PORT)` \|", document, flags=re.MULTILINE))
    assert documented == set(PORT_NAMES)
    for name in set(PORT_NAMES) - open_to_all:
        answer = httpx.get(f"http://127.0.0.1:{running.variables[name]}/api/admin/version")
        assert answer.status_code in {401, 403, 404, 405}, name


def test_the_doctor_finds_what_is_missing_and_nothing_else(running: Running) -> None:
    def problems() -> dict[str, str]:
        doctor = Doctor(ROOT, running.directory, running.variables, running.stack.health())
        return {each.check: each.problem for each in doctor.examine() if each.problem}

    eventually(lambda: problems().keys() == {"champion"})  # there was no training here
    dashboard = psutil.Process(running.pid("dashboard"))
    dashboard.suspend()
    try:
        assert problems() == {
            "process dashboard": "does not answer",
            "champion": problems()["champion"],
        }
    finally:
        dashboard.resume()


def test_a_run_of_the_worker_needs_no_temporary_folder_of_the_system(running: Running) -> None:
    api = prefect_api(running.variables)
    run = api.start("watch-inbox/default", {})
    eventually(lambda: api.request("GET", f"/flow_runs/{run}")["state_type"] == "COMPLETED")
    assert list((running.directory / "tmp").iterdir())


def test_down_ends_every_process_and_leaves_the_data(running: Running) -> None:
    socket = running.directory / "supervisor.sock"
    assert running.stack.down()
    assert find_leftovers(socket) == []
    assert {health.problem for health in running.stack.health()} == {"is not started"}
    for kept in ("env", "store", "mlflow/mlflow.db", "prefect/prefect.db"):
        assert (running.directory / kept).exists()
    assert not running.stack.down()


def test_after_down_nothing_of_ours_is_in_a_temporary_folder(running: Running) -> None:
    assert list((running.directory.parent / "system-temporary").iterdir()) == []
    assert not (running.directory / "tmp").exists()
    # Where SeaweedFS puts them, whatever TMPDIR says. A store that another test killed leaves its
    # own there, and its port may by now be another part's of this store.
    ours = [
        Path(f"/tmp/seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock")  # noqa: S108
        for part, port in ports_of(running.variables).items()
    ]
    assert not [socket for socket in ours if socket.exists()]
