"""A proxy in front of the real store that spoils chosen requests, the same ones each time."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_STALL_SECONDS = 2.0
_PASSED_ON = {
    "etag",
    "content-type",
    "content-encoding",
    "last-modified",
    "content-range",
    "accept-ranges",
}
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"

Choice = Callable[[str, str, int], bool]
"""Given method, path and how often that pair was asked for: spoil this one?"""


class FaultyProxy(ThreadingHTTPServer):
    """Passes requests on, and spoils those that `choice` picks in the way `fault` names.

    Faults: `slow-down` (503 before the store hears of it), `error-after` (500 although the store
    has done it), `reset` (the connection ends without an answer), `stall` (the answer comes late),
    `truncated` (half the body), `flipped` (one byte of it) and `wrong-etag`. Three others call
    `happens`, which kills or stops what it likes: `before` the request is passed on, which it then
    is not, `after` it was done and before the answer, or `meanwhile`, which spoils nothing itself.
    """

    daemon_threads = True

    def __init__(self, target: str, fault: str, choice: Choice, address: str) -> None:
        super().__init__((address, 0), _Handler)
        self.target = urlsplit(target).netloc
        self.fault = fault
        self.choice = choice
        self.happens: Callable[[], object] = lambda: None
        self.injected = 0
        self._asked: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def asked(self, method: str, pattern: str) -> int:
        """Count the requests whose path has this pattern."""
        with self._lock:
            counts = list(self._asked.items())
        return sum(n for (verb, path), n in counts if verb == method and re.search(pattern, path))

    def spoils(self, method: str, path: str) -> bool:
        """Decide about one request, and count it."""
        with self._lock:
            self._asked[method, path] += 1
            chosen = self.choice(method, path, self._asked[method, path])
            self.injected += chosen
        return chosen

    def handle_error(self, *_: object) -> None:
        """Stay silent about clients that hang up."""


@contextmanager
def faulty(
    target: str, fault: str, choice: Choice, *, address: str = "127.0.0.1"
) -> Iterator[FaultyProxy]:
    """Run a proxy until the block ends."""
    with FaultyProxy(target, fault, choice, address) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet; two of them wait 40 ms for each other
    server: FaultyProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        fault = self.server.fault if self.server.spoils(self.command, path) else ""
        if fault in {"before", "meanwhile"}:
            self.server.happens()
        if fault == "slow-down":
            self._answer(503, {}, _SLOW_DOWN)
        elif fault == "before":
            self.close_connection = True
        else:
            self._pass_on(body, fault)

    def _pass_on(self, body: bytes, fault: str) -> None:
        status, headers, content = self._ask(body)
        if fault == "after":
            self.server.happens()
        if fault == "error-after":
            self._answer(500, {}, b"<Error><Code>InternalError</Code></Error>")
        elif fault in {"reset", "after"}:
            self.close_connection = True
        elif fault == "stall":
            time.sleep(_STALL_SECONDS)
            self._answer(status, headers, content)
        elif fault == "truncated" and content:
            self._answer(status, headers, content, sent=len(content) // 2)
        elif fault == "flipped" and content:
            middle = len(content) // 2
            changed = bytes([content[middle] ^ 1])
            self._answer(status, headers, content[:middle] + changed + content[middle + 1 :])
        elif fault == "wrong-etag" and "ETag" in headers:
            self._answer(status, headers | {"ETag": '"0123456789abcdef0123456789abcdef"'}, content)
        else:
            self._answer(status, headers, content)

    do_GET = do_PUT = do_HEAD = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Pass the request on as it came: its signature covers the name of the host it was for."""
        connection = http.client.HTTPConnection(self.server.target, timeout=30)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            kept = {n: v for n, v in answer.getheaders() if n.lower() in _PASSED_ON}
            if self.command == "HEAD":
                kept["Content-Length"] = answer.getheader("Content-Length", "0")
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, sent: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:sent])
        if sent is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stay silent."""
