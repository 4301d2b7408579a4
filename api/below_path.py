"""The application below a path of the host that people see."""

from starlette.types import ASGIApp, Receive, Scope, Send


class BelowPath:
    """Lets the application know its path, whether or not the proxy takes it off the request's.

    Args:
        app: The application.
        root_path: The path, without a slash at its end.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            path = scope["path"]
            if not f"{path}/".startswith(f"{self._root_path}/"):
                path = self._root_path + path
            scope = {**scope, "path": path, "root_path": self._root_path}
        await self._app(scope, receive, send)
