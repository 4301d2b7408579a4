"""Online predictions over HTTP: `python -m api`, or `uvicorn --factory api:app`."""

from api.application import app

__all__ = ["app"]
