"""Prefect over its REST API, and its commands, for those who must not pay its import.

Source: the API reference that a Prefect 3 server shows at `/docs`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from httpx_retries import Retry, RetryTransport

from mnist.errors import AccessDenied, InvalidInput, MnistError, Remedy, Unavailable

_SECONDS = 30.0
_HEALTH_SECONDS = 5.0
"""A page waits for this answer."""

_WHILE_BUSY = Retry(
    total=8,
    allowed_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
    status_forcelist=(httpx.codes.SERVICE_UNAVAILABLE,),
    retry_on_exceptions=(),
    backoff_factor=0.25,
)
"""Prefect answers 503 while another writer holds SQLite's lock; it has then changed nothing."""


class NotThere(InvalidInput):
    """Prefect knows nothing of that name."""


class AlreadyExists(InvalidInput):
    """Prefect has something of that name already."""


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


def command(remedy: Remedy) -> str:
    """Spell how a person starts an operation: `prefect deployment run 'retrain/default'`."""
    parameters = "".join(f" -p {name}={value}" for name, value in remedy.parameters.items())
    return f"prefect deployment run '{remedy.operation}/default'{parameters}"


def advice(error: MnistError) -> str:
    """Say what an error says, with the command that would help, if one would."""
    return f"{error} Run `{command(error.remedy)}`." if error.remedy else str(error)


class PrefectApi:
    """A Prefect server.

    Every method raises Unavailable if it does not answer, AccessDenied if it refuses the
    credentials and InvalidInput if it refuses the request.

    Args:
        url: Address of the API, which ends in /api; None if nobody said where it is.
        login: Name and password, if it asks for them.
        page_url: Where people open its pages; None if that is the API's address without /api.
        trust_env: Whether to go through the proxy of the environment.
    """

    def __init__(
        self,
        url: str | None,
        login: tuple[str, str] | None = None,
        *,
        page_url: str | None = None,
        trust_env: bool = True,
    ) -> None:
        self._url = url.rstrip("/") if url else None
        self._login = login
        self._page_url = page_url.rstrip("/") if page_url else None
        self._trust_env = trust_env

    @property
    def page_url(self) -> str | None:
        """Address of Prefect's own pages; None if nobody said where it is."""
        return self._page_url or (self._url.removesuffix("/api") if self._url else None)

    def run_url(self, run: str) -> str | None:
        """Address of the page of a flow run; None if nobody said where Prefect is."""
        return f"{self.page_url}/runs/flow-run/{run}" if self.page_url else None

    def require_health(self) -> None:
        """Ask the server whether it is well; its word is an exception or none."""
        if self.request("GET", "/health", seconds=_HEALTH_SECONDS) is not True:
            raise Unavailable(
                f"Prefect at {self._url} says that it is not well; check PREFECT_API_URL and the "
                "server's log."
            )

    def last_runs(self, count: int) -> Sequence[FlowRun]:
        """List the runs that began last, the newest first."""
        query = {
            "sort": "START_TIME_DESC",
            "limit": count,
            "flow_runs": {"start_time": {"is_null_": False}},
        }
        return [_flow_run(record) for record in self.request("POST", "/flow_runs/filter", query)]

    def run_before(self, name: str, moment: datetime) -> FlowRun | None:
        """Return the run of this name that began last before a moment; None if there is none."""
        query = {
            "sort": "START_TIME_DESC",
            "limit": 1,
            "flow_runs": {
                "name": {"any_": [name]},
                "start_time": {"before_": moment.isoformat()},
            },
        }
        records = self.request("POST", "/flow_runs/filter", query)
        return _flow_run(records[0]) if records else None

    def start(
        self,
        deployment: str,
        parameters: Mapping[str, Any],
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Start a run of a deployment now and return the run's identifier.

        Args:
            deployment: Flow and deployment, as in `rollback/default`.
            parameters: Arguments of the flow.
            variables: Settings of this one run that differ from the worker's.
        """
        record = self.request("GET", f"/deployments/name/{deployment}")
        body: dict[str, Any] = {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}}
        if variables:
            body["job_variables"] = {"env": dict(variables)}
        run = self.request("POST", f"/deployments/{record['id']}/create_flow_run", body)
        return str(run["id"])

    def has_event(self, event: uuid.UUID) -> bool:
        """Tell whether an event is in the server's database."""
        query = {"filter": {"id": {"id": [str(event)]}}, "limit": 1}
        return bool(self.request("POST", "/events/filter", query)["events"])

    def send_event(
        self,
        event: uuid.UUID,
        name: str,
        occurred: str,
        resource: Mapping[str, str],
        payload: Mapping[str, Any],
    ) -> None:
        """Send an event; one that the server has under the same identifier stays as it is.

        Args:
            event: Its identifier.
            name: What happened.
            occurred: When, ISO 8601.
            resource: What it is about, with `prefect.resource.id`.
            payload: What there is to say.
        """
        record = {
            "id": str(event),
            "event": name,
            "occurred": occurred,
            "resource": dict(resource),
            "payload": dict(payload),
        }
        self.request("POST", "/events", [record])

    def request(
        self, method: str, path: str, body: Any = None, *, seconds: float = _SECONDS
    ) -> Any:
        """Send one request below `/api` and return the JSON answer, None if it is empty."""
        if self._url is None:
            raise Unavailable(
                "PREFECT_API_URL is not set, so Prefect cannot be asked; set it to the address of "
                "its API, which ends in /api."
            )
        try:
            with httpx.Client(
                auth=self._login,
                timeout=seconds,
                # A transport of one's own would go past the environment's proxy.
                transport=None if self._trust_env else RetryTransport(retry=_WHILE_BUSY),
                trust_env=self._trust_env,
            ) as client:
                headers = {} if method == "GET" else self._csrf_headers(client)
                answer = client.request(method, self._url + path, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"Prefect did not answer at {self._url} ({error}); check PREFECT_API_URL and that "
                "the server is up."
            ) from error
        return _checked(answer)

    def _csrf_headers(self, client: httpx.Client) -> dict[str, str]:
        """Fetch the token that a server with CSRF protection wants to see; others answer 422."""
        name = uuid.uuid4().hex
        answer = client.get(f"{self._url}/csrf-token", params={"client": name})
        if answer.status_code in {404, 422}:
            return {}
        token = _checked(answer)["token"]
        return {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": name}


def _checked(answer: httpx.Response) -> Any:
    if answer.status_code in {401, 403}:
        raise AccessDenied(
            f"Prefect at {answer.url.host}:{answer.url.port} refused the credentials "
            f"({answer.status_code}); check PREFECT_API_AUTH_STRING."
        )
    if answer.status_code in {404, 409, 422}:
        kind = {404: NotThere, 409: AlreadyExists}.get(answer.status_code, InvalidInput)
        raise kind(
            f"Prefect answered {answer.status_code} at {answer.request.url.path}: "
            f"{answer.text[:300]}; are the deployments of prefect.yaml registered?"
        )
    if not answer.is_success:
        raise Unavailable(f"Prefect answered {answer.status_code}: {answer.text[:200]}.")
    return answer.json() if answer.content else None


def _flow_run(record: Mapping[str, Any]) -> FlowRun:
    started = record.get("start_time")
    return FlowRun(
        id=str(record["id"]),
        name=str(record["name"]),
        state=str(record.get("state_name") or "unknown"),
        started_at=datetime.fromisoformat(started.replace("Z", "+00:00")) if started else None,
        seconds=float(record.get("total_run_time") or record.get("estimated_run_time") or 0.0),
    )
