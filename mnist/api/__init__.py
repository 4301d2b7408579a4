"""Online predictions over HTTP: `python -m mnist.api`, or `uvicorn --factory mnist.api:app`."""

from mnist.api.application import app

__all__ = ["app"]
