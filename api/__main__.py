"""Run the API: `python -m api`, with the settings of the environment."""

import os
import shutil

import uvicorn

from mnist.log import configure_logging
from mnist.settings import Settings, load_settings

_SECONDS_TO_FINISH = 10


def main() -> None:
    """Serve until SIGTERM or SIGINT; requests that are under way then are answered first."""
    configure_logging()
    settings = load_settings()
    _share_metrics(settings)
    uvicorn.run(
        "api:app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.api_workers,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )


def _share_metrics(settings: Settings) -> None:
    """Let several workers count into one place, which must be known before they start."""
    if settings.api_workers == 1:
        return
    folder = settings.cache_dir / "api-metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


if __name__ == "__main__":
    main()
