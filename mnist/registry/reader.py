"""Reading the champion on the scoring path, over MLflow's REST API.

Importing the MLflow client costs about four seconds in every process; two HTTP requests do not.
Source: MLflow REST API reference, `registered-models/alias`, `model-versions/get` and the
artifact proxy.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from mnist.errors import AccessDenied, IntegrityError, InvalidInput, NoChampion, Unavailable
from mnist.graphs import Predictor
from mnist.registry.tags import ACCEPT_CONFIDENCE, GRAPH_LOCATION, GRAPH_SHA256
from mnist.scoring import PinnedModel

CHAMPION = "champion"
_API = "api/2.0/mlflow"
_PROXY = "api/2.0/mlflow-artifacts/artifacts"


class RegistryReader:
    """Finds model versions and fetches their scoring graphs.

    Every method raises Unavailable when MLflow does not answer and AccessDenied when it refuses
    the credentials.
    """

    def __init__(
        self,
        tracking_uri: str,
        model_name: str,
        cache_dir: Path,
        auth: tuple[str, str] | None = None,
    ) -> None:
        self._uri = tracking_uri.rstrip("/")
        self._model_name = model_name
        self._graphs = cache_dir / "graphs"
        self._http = httpx.Client(auth=auth, timeout=httpx.Timeout(30, connect=3))

    def champion(self) -> PinnedModel:
        """Pin the version that carries the alias `champion` now.

        Raises:
            NoChampion: If no version does.
        """
        answer = self._get(
            f"{_API}/registered-models/alias", {"name": self._model_name, "alias": CHAMPION}
        )
        if answer is None:
            raise NoChampion(
                f"No version of model {self._model_name!r} carries the alias {CHAMPION!r}; run "
                "`prefect deployment run 'retrain/default'` first."
            )
        return self._pinned(answer["model_version"])

    def version(self, version: str) -> PinnedModel:
        """Pin a version by its number.

        Raises:
            InvalidInput: If there is no such version.
        """
        answer = self._get(
            f"{_API}/model-versions/get", {"name": self._model_name, "version": version}
        )
        if answer is None:
            raise InvalidInput(
                f"Model {self._model_name!r} has no version {version!r}; MLflow lists them."
            )
        return self._pinned(answer["model_version"])

    def predictor(self, model: PinnedModel, threads: int = 1) -> Predictor:
        """Load the scoring graph of a pinned version, from the cache by digest if it is there.

        Raises:
            IntegrityError: If the registry hands out bytes with another digest.
        """
        path = self._graphs / f"{model.digest}.onnx"
        if not path.exists():
            self._download(model, path)
        return Predictor(path, model.digest, threads)

    def _download(self, model: PinnedModel, path: Path) -> None:
        tags = _tags(self._version_record(model))
        content = self._artifact(tags[GRAPH_LOCATION])
        digest = hashlib.sha256(content).hexdigest()
        if digest != model.digest:
            raise IntegrityError(
                f"The scoring graph of {model.name} version {model.version} has SHA-256 {digest}, "
                f"but {model.digest} was recorded at training. Do not use it: roll back to "
                "another version and look for who changed the artifact."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.replace(path)

    def _version_record(self, model: PinnedModel) -> dict[str, Any]:
        answer = self._get(
            f"{_API}/model-versions/get", {"name": model.name, "version": model.version}
        )
        if answer is None:
            raise InvalidInput(f"Version {model.version} of {model.name} has been deleted.")
        record: dict[str, Any] = answer["model_version"]
        return record

    def _pinned(self, record: dict[str, Any]) -> PinnedModel:
        tags = _tags(record)
        return PinnedModel(
            name=record["name"],
            version=record["version"],
            digest=tags[GRAPH_SHA256],
            accept_confidence=float(tags[ACCEPT_CONFIDENCE]),
        )

    def _artifact(self, location: str) -> bytes:
        return self._request(f"{_PROXY}/{quote(location)}", {}).content

    def _get(self, path: str, params: dict[str, str]) -> dict[str, Any] | None:
        """GET a JSON answer, or None where MLflow says that the thing does not exist."""
        answer = self._request(path, params, absent_is_fine=True)
        if answer.status_code != httpx.codes.OK:
            return None
        found: dict[str, Any] = answer.json()
        return found

    def _request(
        self, path: str, params: dict[str, str], *, absent_is_fine: bool = False
    ) -> httpx.Response:
        try:
            answer = self._http.get(f"{self._uri}/{path}", params=params)
        except httpx.TransportError as error:
            raise Unavailable(
                f"MLflow did not answer at {self._uri} ({error}); check MLFLOW_TRACKING_URI and "
                "that the server is up."
            ) from error
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise AccessDenied(
                f"MLflow at {self._uri} refused the credentials; check MLFLOW_TRACKING_USERNAME "
                "and MLFLOW_TRACKING_PASSWORD."
            )
        if answer.status_code == httpx.codes.OK or (absent_is_fine and _says_absent(answer)):
            return answer
        raise Unavailable(
            f"MLflow answered {answer.status_code} to {path}: {answer.text[:200]}; see its log."
        )


def _says_absent(answer: httpx.Response) -> bool:
    """Tell an absent alias or version from other errors; MLflow uses 400 and 404 for it."""
    if answer.status_code == httpx.codes.NOT_FOUND:
        return True
    return answer.status_code == httpx.codes.BAD_REQUEST and "not found" in answer.text


def _tags(record: dict[str, Any]) -> dict[str, str]:
    tags = {tag["key"]: tag["value"] for tag in record.get("tags", [])}
    for name in (GRAPH_SHA256, GRAPH_LOCATION, ACCEPT_CONFIDENCE):
        if name not in tags:
            raise IntegrityError(
                f"Version {record['version']} of {record['name']} has no tag {name!r}, so its "
                "scoring graph cannot be trusted; register models through the flow `retrain`."
            )
    return tags
