"""A receiver of webhooks for tests: a real HTTP server that answers as a test wants."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The secret of the specification's own example."""


@dataclass
class Receiver:
    """What it was sent, and what it answers.

    Attributes:
        answers: Status and headers of the next answers; 204 when there are none left.
        received: Headers and body of each request.
    """

    url: str = ""
    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """Identifiers of the messages, in order."""
        return [headers["webhook-id"] for headers, _ in self.received]

    @property
    def batches(self) -> list[str]:
        """Batches that the messages are about, in order."""
        return [json.loads(body)["data"]["batch"] for _, body in self.received]


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """Run a receiver until the block ends."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, headers = state.answers.pop(0) if state.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/hooks"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
