"""The audit says when it could not ask anybody, instead of looking clean or failing obscurely."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra.audit import require_reports
from mnist.errors import Unavailable


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Answer every GET alike until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/pypi/pip/json"
        finally:
            server.shutdown()
            thread.join()


def test_nobody_answers() -> None:
    with pytest.raises(Unavailable, match=r"Nothing was audited.*did not answer.*make sbom"):
        require_reports("http://127.0.0.1:1/pypi/pip/json")


@pytest.mark.parametrize(("status", "body"), [(404, b""), (200, b"<html>"), (200, b"{}")])
def test_a_mirror_without_reports_is_no_audit(status: int, body: bytes) -> None:
    with (
        answering(status, body) as url,
        pytest.raises(Unavailable, match="Nothing was audited"),
    ):
        require_reports(url)


def test_somebody_knows() -> None:
    with answering(200, json.dumps({"vulnerabilities": []}).encode()) as url:
        require_reports(url)
