"""The server learns every deployment of prefect.yaml, and none is lost in silence."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from infra import deployments
from mnist.errors import AccessDenied, InvalidSettings, Unavailable

YAML = """\
deployments:
  - {name: default, entrypoint: flows.one.one}
  - {name: nightly, entrypoint: flows.two.two}
"""


class _Server(HTTPServer):
    """As much of Prefect's API as registering asks for, with its login and its CSRF token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pools: list[str] = []
        self.queues: dict[str, int] = {}
        self.deployments: list[dict[str, Any]] = []
        self.busy_answers = 0
        """How often it will say that its database is locked."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(200 if self._knows_us() else 401, {"token": "t0k3n"})

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._knows_us() or self.headers["Prefect-Csrf-Token"] != "t0k3n":
            self._answer(403, {})
        elif self.server.busy_answers:
            self.server.busy_answers -= 1
            self._answer(503, {}, {"Retry-After": "0"})
        elif self.path == "/api/deployments/filter":
            self._answer(200, self.server.deployments)
        elif self.path == "/api/automations/filter":
            self._answer(200, [])
        elif self.path == "/api/work_pools/":
            exists = content["name"] in self.server.pools
            self.server.pools.append(content["name"])
            self._answer(409 if exists else 201, {})
        else:
            self.server.queues[content["name"]] = content["priority"]
            self._answer(201, {})

    def _knows_us(self) -> bool:
        login = base64.b64encode(b"admin:a:b").decode()
        return self.headers["Authorization"] == f"Basic {login}"

    def _answer(
        self, status: int, content: Any, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[_Server]:
    """A Prefect server that knows nothing yet."""
    with _Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def environment(server: _Server) -> dict[str, str]:
    """How to reach that server."""
    url = f"http://127.0.0.1:{server.server_port}/api"
    return {"PREFECT_API_URL": url, "PREFECT_API_AUTH_STRING": "admin:a:b"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with two deployments, and a folder `.local` for its state."""
    (tmp_path / "prefect.yaml").write_text(YAML)
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "one.py").write_text("# first version")
    (tmp_path / ".local" / "logs").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def deploys(server: _Server, root: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand in for `prefect deploy --all`; grows by one with each call."""
    calls: list[int] = []

    def deploy(*_: object) -> None:
        calls.append(len(calls))
        known = deployments.declared(root)
        server.deployments = [record(d.name, d.entrypoint) for d in known]

    monkeypatch.setattr(deployments, "_deploy_all", deploy)
    return calls


def record(name: str, entrypoint: str) -> dict[str, Any]:
    values = {"id": entrypoint, "schedules": [], "paused": False}
    return {"name": name, "entrypoint": entrypoint, **values}


def register(root: Path, environment: dict[str, str]) -> bool:
    return deployments.register(root, root / ".local", environment)


def test_pool_and_queues_are_made_with_scoring_before_training(
    server: _Server, root: Path, environment: dict[str, str], deploys: list[int]
) -> None:
    assert register(root, environment)
    assert server.pools == ["default"]
    assert server.queues["scoring"] < server.queues["training"]


def test_the_second_time_nothing_is_deployed(
    root: Path, environment: dict[str, str], deploys: list[int]
) -> None:
    assert register(root, environment)
    assert not register(root, environment)
    assert len(deploys) == 1


def test_a_changed_flow_is_deployed_again_into_the_pool_that_exists(
    server: _Server, root: Path, environment: dict[str, str], deploys: list[int]
) -> None:
    register(root, environment)
    (root / "flows" / "one.py").write_text("# second version")
    assert register(root, environment)
    assert len(deploys) == 2


def test_a_deployment_the_server_has_lost_is_deployed_again(
    server: _Server, root: Path, environment: dict[str, str], deploys: list[int]
) -> None:
    register(root, environment)
    server.deployments.pop()
    assert register(root, environment)
    assert len(server.deployments) == 2


def test_a_deployment_missing_after_deploying_is_an_error_that_names_it(
    server: _Server, root: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "_deploy_all", lambda *_: None)
    server.deployments = [record("default", "flows.one.one")]
    with pytest.raises(Unavailable, match=r"does not know flows\.two\.two; see"):
        register(root, environment)
    assert not (root / ".local" / "deployed").exists()


def test_a_wrong_password_is_said_with_the_address(
    root: Path, environment: dict[str, str], deploys: list[int]
) -> None:
    with pytest.raises(AccessDenied, match=r"127\.0\.0\.1.*401.*PREFECT_API_AUTH_STRING"):
        register(root, environment | {"PREFECT_API_AUTH_STRING": "admin:wrong"})
    assert not deploys


def test_a_server_whose_database_is_locked_is_asked_again(
    server: _Server, root: Path, environment: dict[str, str], deploys: list[int]
) -> None:
    server.busy_answers = 3
    assert register(root, environment)
    assert server.queues.keys() == deployments.QUEUE_PRIORITIES.keys()


def test_the_deployments_of_this_project_have_names_and_entrypoints() -> None:
    found = deployments.declared(Path(__file__).parents[2])
    assert {"flows.retrain.retrain", "flows.score_batch.score_batch"} <= {
        deployment.entrypoint for deployment in found
    }


@pytest.mark.parametrize("text", ["", "deployments:\n  - {name: x}\n", "deployments: [", "[]"])
def test_a_file_without_proper_deployments_is_named(root: Path, text: str) -> None:
    (root / "prefect.yaml").write_text(text)
    with pytest.raises(InvalidSettings, match=r"prefect\.yaml does not list deployments"):
        deployments.declared(root)
