"""The health check of a container tells a page that answers from one that does not."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra.healthcheck import answers
from infra.ports import free_ports


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with one page that is well."""
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_page_that_is_well_answers_and_another_does_not(port: int) -> None:
    assert answers(f"http://127.0.0.1:{port}/well")
    assert not answers(f"http://127.0.0.1:{port}/ill")


def test_for_a_port_it_suffices_that_somebody_listens(port: int) -> None:
    assert answers(f"tcp://127.0.0.1:{port}")


def test_another_address_may_be_asked(port: int) -> None:
    ill = {**os.environ, "HEALTH_URL": f"http://127.0.0.1:{port}/ill"}
    command = [sys.executable, "-m", "infra.healthcheck"]
    assert subprocess.run(command, env=ill, check=False).returncode == 1
    well = [*command, f"tcp://127.0.0.1:{port}"]
    assert subprocess.run(well, env=ill, check=False).returncode == 0


def test_nobody_there_is_no_answer() -> None:
    (free,) = free_ports(1)
    assert not answers(f"http://127.0.0.1:{free}/")
    assert not answers(f"tcp://127.0.0.1:{free}")
