"""Talk to the Prefect server without importing Prefect, which alone takes seconds."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from httpx_retries import Retry, RetryTransport

from mnist.errors import Unavailable

_UNFINISHED = ("RUNNING", "PENDING", "CANCELLING")

_WHILE_BUSY = Retry(
    total=8,
    allowed_methods=("GET", "POST", "PUT", "PATCH"),
    status_forcelist=(httpx.codes.SERVICE_UNAVAILABLE,),
    retry_on_exceptions=(),
    backoff_factor=0.25,
)
"""Prefect answers 503 while another writer holds SQLite's lock; it has then changed nothing."""


@contextmanager
def prefect_api(variables: Mapping[str, str]) -> Iterator[httpx.Client]:
    """Log in, with the token without which the server takes no changes.

    Raises:
        Unavailable: If the server does not answer or refuses, in the block as well.
    """
    user, _, password = variables["PREFECT_API_AUTH_STRING"].partition(":")
    me = str(uuid.uuid4())
    with httpx.Client(
        base_url=variables["PREFECT_API_URL"],
        auth=(user, password),
        timeout=30,
        trust_env=False,
        transport=RetryTransport(retry=_WHILE_BUSY),
    ) as client:
        try:
            token = client.get("/csrf-token", params={"client": me}).raise_for_status().json()
            client.headers.update({"Prefect-Csrf-Client": me, "Prefect-Csrf-Token": token["token"]})
            yield client
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The Prefect server at {variables['PREFECT_API_URL']} refused: {error}; "
                "see .local/logs/prefect.log."
            ) from error


def end_interrupted_runs(variables: Mapping[str, str]) -> list[str]:
    """Mark as crashed the runs that the server takes for running; return their names.

    Meant for the start of a whole stack, when nothing can be running yet: whoever executed them
    ended with the last one. Left alone they would hold their places in concurrency limits, and
    the next training would be cancelled for the sake of one that is dead.
    """
    content = {"flow_runs": {"state": {"type": {"any_": _UNFINISHED}}}, "limit": 200}
    message = "The local stack was stopped or lost its power while this ran."
    with prefect_api(variables) as api:
        runs = api.post("/flow_runs/filter", json=content).raise_for_status().json()
        for run in runs:
            state = {"state": {"type": "CRASHED", "name": "Crashed", "message": message}}
            api.post(f"/flow_runs/{run['id']}/set_state", json=state).raise_for_status()
    return [run["name"] for run in runs]
