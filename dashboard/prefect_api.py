"""Prefect over its REST API: what ran last, and starting a run. No Prefect is imported for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from mnist.errors import AccessDenied, InvalidInput, Unavailable

_SECONDS = 10.0


@dataclass(frozen=True)
class FlowRun:
    """One run of a flow.

    Attributes:
        id: Prefect's identifier.
        name: Its name.
        state: Name of its state, as Prefect has it: Completed, Running, Failed ...
        started_at: When it began; None if it has not.
        seconds: How long it ran, or has been running.
    """

    id: str
    name: str
    state: str
    started_at: datetime | None
    seconds: float


class PrefectApi:
    """The orchestrator, as far as pages ask it.

    Args:
        url: Address of the API, which ends in /api; None if nobody said where it is.
        login: Name and password, if it asks for them.
    """

    def __init__(self, url: str | None, login: tuple[str, str] | None = None) -> None:
        self._url = url.rstrip("/") if url else None
        self._login = login

    def last_runs(self, count: int) -> Sequence[FlowRun]:
        """List the runs that began last, the newest first.

        Raises:
            Unavailable: If Prefect does not answer.
            AccessDenied: If it refuses the credentials.
        """
        asked = {
            "sort": "START_TIME_DESC",
            "limit": count,
            "flow_runs": {"start_time": {"is_null_": False}},
        }
        return [_flow_run(found) for found in self._ask("POST", "/flow_runs/filter", asked)]

    def start(self, deployment: str, parameters: Mapping[str, Any]) -> str:
        """Start a run of a deployment now and return the run's identifier.

        Args:
            deployment: Flow and deployment, as in `rollback/default`.
            parameters: Arguments of the flow.

        Raises:
            InvalidInput: If there is no such deployment, or it refuses the parameters.
            Unavailable: If Prefect does not answer.
            AccessDenied: If it refuses the credentials.
        """
        found = self._ask("GET", f"/deployments/name/{deployment}")
        asked = {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}}
        run = self._ask("POST", f"/deployments/{found['id']}/create_flow_run", asked)
        return str(run["id"])

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        if self._url is None:
            raise Unavailable(
                "PREFECT_API_URL is not set, so Prefect cannot be asked; set it to the address of "
                "its API, which ends in /api."
            )
        try:
            with httpx.Client(base_url=self._url, auth=self._login, timeout=_SECONDS) as client:
                headers = _protected(client) if method == "POST" else {}
                answer = client.request(method, self._url + path, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"Prefect did not answer at {self._url} ({error}); check PREFECT_API_URL and that "
                "the server is up."
            ) from error
        return _checked(answer)


def _protected(client: httpx.Client) -> dict[str, str]:
    """Fetch the token that a server with CSRF protection wants to see; others answer 4xx."""
    name = uuid.uuid4().hex
    answer = client.get("/csrf-token", params={"client": name})
    if not answer.is_success:
        return {}
    return {"Prefect-Csrf-Token": answer.json()["token"], "Prefect-Csrf-Client": name}


def _checked(answer: httpx.Response) -> Any:
    if answer.status_code in {401, 403}:
        raise AccessDenied(
            f"Prefect refused us ({answer.status_code}); check PREFECT_API_AUTH_STRING."
        )
    if answer.status_code in {404, 409, 422}:
        raise InvalidInput(
            f"Prefect answered {answer.status_code} at {answer.request.url.path}: "
            f"{answer.text[:300]}; are the deployments of prefect.yaml registered?"
        )
    if not answer.is_success:
        raise Unavailable(f"Prefect answered {answer.status_code}: {answer.text[:200]}.")
    return answer.json()


def _flow_run(found: Mapping[str, Any]) -> FlowRun:
    started = found.get("start_time")
    return FlowRun(
        id=str(found["id"]),
        name=str(found["name"]),
        state=str(found.get("state_name") or "unknown"),
        started_at=datetime.fromisoformat(started.replace("Z", "+00:00")) if started else None,
        seconds=float(found.get("total_run_time") or found.get("estimated_run_time") or 0.0),
    )
