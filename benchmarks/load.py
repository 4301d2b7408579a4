"""A lean load generator: one process, one thread, prepared requests, connections kept if they may.

    python -m benchmarks.load PORT FILE CONNECTIONS SECONDS

Every connection sends `FILE` as a multipart `file` to `/predict`, waits for the answer, and sends
it again. Prints one JSON object: requests_per_second (answered with 200), p50_ms, p99_ms, refused
(share of all answers that were not 200), cpu_seconds. It imports nothing but the standard library,
so that it takes little from the server it measures.
"""

import json
import selectors
import socket
import sys
import time
from pathlib import Path

_BOUNDARY = b"a-boundary-that-no-png-contains"


def request_for(port: int, content: bytes) -> bytes:
    """Write a request as `curl -F "file=@digit.png"` does."""
    body = (
        b"--%b\r\n"
        b'Content-Disposition: form-data; name="file"; filename="digit.png"\r\n'
        b"Content-Type: image/png\r\n\r\n%b\r\n--%b--\r\n"
    ) % (_BOUNDARY, content, _BOUNDARY)
    head = (
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n"
        b"Content-Length: %d\r\nContent-Type: multipart/form-data; boundary=%b\r\n\r\n"
    ) % (port, len(body), _BOUNDARY)
    return head + body


class Connection:
    """A connection with at most one request under way; opened anew where the server closes it."""

    def __init__(self, port: int, request: bytes, selector: selectors.BaseSelector) -> None:
        self._address = ("127.0.0.1", port)
        self._request = request
        self._selector = selector
        self._socket = self._connected()
        self._received = b""
        self._sent_at = 0.0

    def _connected(self) -> socket.socket:
        opened = socket.create_connection(self._address)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(opened, selectors.EVENT_READ, self)
        return opened

    def send(self) -> None:
        """Send the request again."""
        self._received = b""
        self._sent_at = time.perf_counter()
        self._socket.sendall(self._request)

    def receive(self) -> tuple[float, bool] | None:
        """Read what has come: seconds and success once the answer is complete, else None."""
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionError("The server closed a connection in the middle of its answer.")
        self._received += received
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        fields = head.lower()
        length = fields.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return None
        seconds = time.perf_counter() - self._sent_at
        if b"\r\nconnection: close" in fields:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = self._connected()
        return seconds, head.split(b" ", 2)[1] == b"200"


def drive(port: int, content: bytes, connections: int, seconds: float) -> dict[str, float]:
    """Keep all connections busy for some seconds, until there is an answer, and measure each."""
    request = request_for(port, content)
    durations: list[float] = []
    errors = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            Connection(port, request, selector).send()
        started = time.perf_counter()
        while (now := time.perf_counter()) - started < seconds or not durations:
            for key, _ in selector.select(timeout=1):
                answer = key.data.receive()
                if answer is not None:
                    durations.append(answer[0])
                    errors += not answer[1]
                    key.data.send()
        elapsed = now - started
    durations.sort()
    return {
        "requests_per_second": round((len(durations) - errors) / elapsed, 1),
        "p50_ms": round(durations[len(durations) // 2] * 1_000, 2),
        "p99_ms": round(durations[int(len(durations) * 0.99)] * 1_000, 2),
        "refused": round(errors / len(durations), 4),
        "cpu_seconds": round(time.process_time(), 2),
    }


if __name__ == "__main__":
    port, file, connections, seconds = sys.argv[1:]
    result = drive(int(port), Path(file).read_bytes(), int(connections), float(seconds))
    print(json.dumps(result))
