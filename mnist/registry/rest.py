"""MLflow's REST API: a few verbs, and our errors instead of HTTP's.

Importing the MLflow client costs about four seconds in every process; plain HTTP does not.
Source: MLflow REST API reference; the artifact proxy serves `mlflow-artifacts:` locations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from mnist.errors import (
    AccessDenied,
    IntegrityError,
    InvalidInput,
    Unavailable,
)
from mnist.settings import Settings

CHAMPION = "champion"
"""The alias that follows the journal: it names the version that scores."""

_API = "api/2.0/mlflow"
_PROXY = "api/2.0/mlflow-artifacts/artifacts"


class MlflowRest:
    """An MLflow server.

    Attributes:
        uri: Its address, without a slash at the end.
    """

    def __init__(
        self, tracking_uri: str, auth: tuple[str, str] | None = None, token: str | None = None
    ) -> None:
        self.uri = tracking_uri.rstrip("/")
        bearer = {"Authorization": f"Bearer {token}"} if token and not auth else {}
        self._http = httpx.Client(auth=auth, headers=bearer, timeout=httpx.Timeout(30, connect=3))

    @classmethod
    def of(cls, settings: Settings) -> MlflowRest:
        """Open the server that the settings name; user and password go before a token."""
        token = settings.mlflow_token.get_secret_value() if settings.mlflow_token else None
        return cls(settings.mlflow_tracking_uri, settings.mlflow_login, token)

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def get(self, endpoint: str, params: Mapping[str, str]) -> dict[str, Any] | None:
        """GET a JSON answer, or None where MLflow says that the thing does not exist.

        Args:
            endpoint: Below `api/2.0/mlflow`.
            params: Of the question; `name` is a registered model.
        """
        try:
            answer = self._send("GET", f"{_API}/{endpoint}", params=params, absent_is_fine=True)
        except AccessDenied:
            if "name" not in params or self._shows(params["name"]):
                raise
            return None
        return _json(answer) if answer.status_code == httpx.codes.OK else None

    def _shows(self, model: str) -> bool:
        """Tell whether this user can see the model.

        Asked for a model that does not exist, MLflow answers 403 to all but its administrator; its
        search does not, and refuses wrong credentials all the same.
        """
        body = {"filter": f"name = '{model}'", "max_results": "1"}
        answer = self._send("GET", f"{_API}/registered-models/search", params=body)
        return bool(_json(answer).get("registered_models"))

    def aliased(self, model: str, alias: str) -> dict[str, Any] | None:
        """Return the record of the version that an alias names; None if it names none."""
        answer = self.get("registered-models/alias", {"name": model, "alias": alias})
        return None if answer is None else dict(answer["model_version"])

    def version(self, model: str, version: str) -> dict[str, Any]:
        """Return the record of a version by its number.

        Raises:
            InvalidInput: If there is no such version.
        """
        answer = self.get("model-versions/get", {"name": model, "version": version})
        if answer is None:
            raise InvalidInput(f"Model {model!r} has no version {version!r}; MLflow lists them.")
        record: dict[str, Any] = answer["model_version"]
        return record

    def search(self, endpoint: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a query and return the JSON answer."""
        return _json(self._send("POST", f"{_API}/{endpoint}", json=body))

    def artifact(self, location: str) -> bytes:
        """Download an artifact by its path below MLflow's artifact root.

        Raises:
            IntegrityError: If MLflow has lost it.
        """
        answer = self._send("GET", f"{_PROXY}/{quote(location)}", absent_is_fine=True)
        if answer.status_code != httpx.codes.OK:
            raise IntegrityError(
                f"MLflow at {self.uri} has no artifact {location!r} any more; restore it, or use "
                "another version."
            )
        return answer.content

    def _send(
        self, method: str, path: str, *, absent_is_fine: bool = False, **request: Any
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, f"{self.uri}/{path}", **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"MLflow did not answer at {self.uri} ({error}); check MLFLOW_TRACKING_URI and "
                "that the server is up."
            ) from error
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise refused(self.uri, answer.status_code)
        if answer.status_code == httpx.codes.OK or (absent_is_fine and _says_absent(answer)):
            return answer
        raise Unavailable(
            f"MLflow answered {answer.status_code} to {path}: {answer.text[:200]}; see its log."
        )


def refused(uri: str, status: int) -> AccessDenied:
    """Make the error for an answer of 401, which is about the login, or 403, which is not."""
    if status == httpx.codes.FORBIDDEN:
        return AccessDenied(
            f"MLflow at {uri} answered 403: what was asked for is not there, or this user may not "
            "have it; check that MLFLOW_TRACKING_USERNAME names the right one."
        )
    return AccessDenied(
        f"MLflow at {uri} refused the credentials; check MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD."
    )


def _says_absent(answer: httpx.Response) -> bool:
    """Tell an absent alias, version or artifact from other errors.

    MLflow uses 400 and 404 for the first two; for an artifact that its store has lost it answers
    500 and quotes the store.
    """
    if answer.status_code == httpx.codes.NOT_FOUND:
        return True
    if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
        return "(404) when calling" in answer.text or "NoSuchKey" in answer.text
    return answer.status_code == httpx.codes.BAD_REQUEST and "not found" in answer.text


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        content: dict[str, Any] = answer.json()
    except ValueError as error:
        raise Unavailable(
            f"{answer.url} answered with {answer.text[:80]!r} instead of JSON; check that "
            "MLFLOW_TRACKING_URI is the address of an MLflow server."
        ) from error
    return content
