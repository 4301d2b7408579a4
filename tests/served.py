"""The online API on a real port, over a registry of the test's choice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.application import create
from api.champion import Registry
from mnist.settings import Settings
from mnist.storage.acceptance import AcceptanceLog
from mnist.storage.bucket import Bucket
from tests.factories import empty_acceptance_log


@contextmanager
def served(
    registry: Registry,
    acceptance: AcceptanceLog | None = None,
    inbox: Bucket | None = None,
    **settings: Any,
) -> Iterator[httpx.Client]:
    """Serve the application over a registry until the block ends."""
    known = Settings(
        AWS_ACCESS_KEY_ID="unused",
        AWS_SECRET_ACCESS_KEY="unused",
        MLFLOW_TRACKING_URI="http://127.0.0.1:1",
        **{"api_refresh_seconds": 0.01} | settings,
    )
    acceptance = acceptance or empty_acceptance_log()
    with running(create(known, registry, acceptance, inbox or Bucket.in_memory())) as client:
        yield client


@contextmanager
def running(application: FastAPI) -> Iterator[httpx.Client]:
    """Serve an application until the block ends; what is under way then is answered first."""
    server = _Server(uvicorn.Config(application, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.is_ready.wait(60)
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


class _Server(uvicorn.Server):
    """One that says when it listens, and where."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()
        self.url = ""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()
            self.url = f"http://{host}:{port}"
        self.is_ready.set()
