"""Where an object store announces what was written: one POST, behind a token."""

from __future__ import annotations

import hmac
import json
import socket
import threading
from typing import TYPE_CHECKING, Annotated

import structlog
import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request
from starlette.status import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_413_CONTENT_TOO_LARGE,
)

from mnist.errors import Unavailable
from mnist.storage.notifications import notices

if TYPE_CHECKING:
    from pydantic import SecretStr

    from watcher.notification_queue import NotificationQueue

PATH = "/store-events"

_MAX_BYTES = 1_000_000
_log = structlog.get_logger(__name__)


def listener(queue: NotificationQueue, bucket: str, token: SecretStr) -> FastAPI:
    """Make the application.

    Args:
        queue: Gets every object that is announced.
        bucket: The inbox; what is said of other buckets is ignored.
        token: What `Authorization: Bearer …` must hold.
    """
    app = FastAPI(title="Store events", docs_url=None, redoc_url=None, openapi_url=None)
    expected = f"Bearer {token.get_secret_value()}".encode()

    @app.post(PATH)
    async def hear(
        request: Request, authorization: Annotated[str, Header()] = ""
    ) -> dict[str, int]:
        if not hmac.compare_digest(authorization.encode(), expected):
            raise HTTPException(HTTP_401_UNAUTHORIZED, "send the token as Authorization: Bearer")
        content = await _read(request)
        try:
            announced = notices(json.loads(content), bucket)
        except (ValueError, RecursionError) as error:
            _log.warning("store-event.not-understood", error=str(error)[:500])
            raise HTTPException(HTTP_400_BAD_REQUEST, str(error)[:500]) from error
        return {"announced": len(announced), "new": queue.put(announced)}

    return app


async def _read(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > _MAX_BYTES:
            raise HTTPException(HTTP_413_CONTENT_TOO_LARGE, f"at most {_MAX_BYTES} bytes")
    return bytes(content)


class ListenerThread:
    """Serves the application beside whatever the main thread does."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._address = (host, port)

    def __enter__(self) -> ListenerThread:
        """Start listening.

        Raises:
            Unavailable: If the port is taken.
        """
        try:
            door = socket.create_server(self._address)
        except OSError as error:
            raise Unavailable(
                f"Store events cannot be heard at {self._address[0]}:{self._address[1]} ({error}); "
                "change MNIST_EVENTS_HOST or MNIST_EVENTS_PORT, or end who listens there."
            ) from error
        self._thread = threading.Thread(
            target=self._server.run, args=([door],), name="listener", daemon=True
        )
        self._thread.start()
        _log.info("listener.started", address=self._address, path=PATH)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
