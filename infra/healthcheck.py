"""The health check of a container: does the port answer that `HEALTH_URL` names?

    python -m infra.healthcheck [URL]

Another address may be given: one that says whether the process is alive, whatever it waits for.
A page that answers 2xx is healthy; for `tcp://host:port` it suffices that somebody listens.
Nothing but the standard library is imported, because this runs every few seconds.
"""

import os
import socket
import sys
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

_TIMEOUT_SECONDS = 5.0


def answers(url: str) -> bool:
    """Say whether somebody answers well at this address."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "tcp":
            socket.create_connection((parts.hostname, parts.port), _TIMEOUT_SECONDS).close()
            return True
        with build_opener(ProxyHandler({})).open(url, timeout=_TIMEOUT_SECONDS):
            return True
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    named = os.environ.get("HEALTH_URL", "http://127.0.0.1:8000/health")
    sys.exit(0 if answers(sys.argv[1] if len(sys.argv) > 1 else named) else 1)
