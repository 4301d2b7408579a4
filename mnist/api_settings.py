"""Settings of the online API: where it listens, what it may be asked, and what it may keep."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ApiSettings(BaseSettings):
    """How requests for a prediction are answered, and which of their images are captured."""

    api_host: str = Field("127.0.0.1", description="address the online API listens on")
    api_port: int = Field(8000, ge=1, le=65_535, description="its port")
    api_root_path: str | None = Field(
        None, pattern="^(/[^/]+)*$", description="path under which a proxy shows the API"
    )
    api_cors_origins: str | None = Field(
        None, description="sites whose pages may ask the API, with commas"
    )
    api_workers: int = Field(2, ge=1, le=64, description="its processes")
    api_key: SecretStr | None = Field(
        None, description="key that requests for a prediction must carry; unset: no key"
    )
    api_max_request_bytes: int = Field(
        25_000_000, ge=1, description="larger requests for a prediction are refused"
    )
    api_max_files: int = Field(100, ge=1, description="files in one request")
    api_max_concurrency: int = Field(
        32, ge=1, description="requests for a prediction at once per process; more are put off"
    )
    api_timeout_seconds: float = Field(
        30.0, gt=0, description="time for a request to arrive, and again for its answer"
    )
    api_refresh_seconds: float = Field(
        5.0, gt=0, description="pause between two looks of the API at the champion"
    )
    api_clients: str | None = Field(
        None,
        pattern="^[a-z0-9_]{1,32}(,[a-z0-9_]{1,32})*$",
        description="names that clients may give themselves, with commas; each is a source",
    )
    api_capture: str = Field(
        "off",
        pattern="^(off|consent|contract)$",
        description="whether images are kept: `off`, `consent` (of the request), or `contract`",
    )
    api_capture_days: int = Field(30, ge=1, description="captured images are removed after this")
    api_capture_queue_bytes: int = Field(
        50_000_000, ge=0, description="captured images of a process that may wait for the store"
    )

    @property
    def api_client_names(self) -> tuple[str, ...]:
        """Names that a client may give itself."""
        return tuple(self.api_clients.split(",")) if self.api_clients else ()
