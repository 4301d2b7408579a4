"""The Procfile and what we know of its processes agree, and their health is asked for."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra import services
from infra.environment import PORT_NAMES
from infra.ports import free_ports
from infra.services import SERVICES, Service
from mnist.errors import InvalidSettings

ROOT = Path(__file__).parents[2]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        login = base64.b64encode(b"admin:secret").decode()
        pages = {"/well": 200, "/broken": 503}
        if self.path == "/locked":
            self.send_response(200 if self.headers["Authorization"] == f"Basic {login}" else 401)
        else:
            self.send_response(pages.get(self.path, 404))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """Where a server answers that is well, broken or locked by page."""
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield {"PORT": str(server.server_port), "NAME": "admin", "PASSWORD": "secret"}
        server.shutdown()
        thread.join()


def test_a_service_that_answers_well_has_no_problem(variables: dict[str, str]) -> None:
    assert Service("it", ports=("PORT",), health="/well").problem(variables) is None


def test_a_service_that_answers_badly_says_with_what(variables: dict[str, str]) -> None:
    problem = Service("it", ports=("PORT",), health="/broken").problem(variables)
    assert problem == "answers 503"


def test_a_service_is_asked_with_name_and_password(variables: dict[str, str]) -> None:
    locked = Service("it", ports=("PORT",), health="/locked", login=("NAME", "PASSWORD"))
    assert locked.problem(variables) is None
    assert locked.problem(variables | {"PASSWORD": "wrong"}) == "answers 401"


def test_a_service_that_does_not_listen_does_not_answer() -> None:
    (port,) = free_ports(1)
    problem = Service("it", ports=("PORT",), health="/well").problem({"PORT": str(port)})
    assert problem == "does not answer"


def test_a_service_without_a_port_has_no_address_and_needs_only_to_live() -> None:
    assert Service("it").address({}) is None
    assert Service("it").problem({}) is None


def test_a_proxy_of_the_environment_is_not_asked(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert Service("it", ports=("PORT",), health="/well").problem(variables) is None


def test_the_procfile_names_every_process_we_know_and_no_other() -> None:
    assert list(services.commands(ROOT / "Procfile")) == [service.name for service in SERVICES]


def test_every_port_of_a_process_is_one_that_is_chosen_for_it() -> None:
    assert sorted(name for service in SERVICES for name in service.ports) == sorted(PORT_NAMES)


def test_a_process_we_do_not_know_is_refused(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text((ROOT / "Procfile").read_text() + "mailer: python -m mailer\n")
    with pytest.raises(InvalidSettings, match=r"names .*mailer.* expected api, dashboard, "):
        services.commands(procfile)


def test_without_a_procfile_one_is_sent_to_the_root(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="run this in the project's root"):
        services.commands(tmp_path / "Procfile")
