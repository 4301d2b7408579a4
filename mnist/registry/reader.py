"""Reading the champion on the scoring path: the journal, and requests to MLflow's REST API."""

import hashlib
import os
from pathlib import Path
from typing import Any

from mnist.errors import IntegrityError, InvalidInput, Unavailable
from mnist.provenance import Origin
from mnist.registry.champions import Champions
from mnist.registry.records import pairs
from mnist.registry.rest import MlflowRest
from mnist.registry.tags import (
    ACCEPT_CONFIDENCE,
    GRAPH_LOCATION,
    GRAPH_SHA256,
    NO_DIGIT_THRESHOLD,
    OOD_THRESHOLD,
)
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.settings import Settings
from mnist.storage.journal import Journal


class RegistryReader:
    """Finds model versions and fetches their scoring graphs.

    Args:
        settings: Where the registry is.
        journal: Who became champion.
    """

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._model_name = settings.model_name
        self._graphs = settings.cache_dir / "graphs"
        self._rest = MlflowRest.of(settings)
        self._champions = Champions(self._rest, settings.model_name, journal)
        self._used_last: tuple[Predictor, ...] = ()

    def close(self) -> None:
        """Give back the connections."""
        self._rest.close()

    def champion(self) -> PinnedModel:
        """Pin the version that the journal made champion; see `Champions.record`."""
        return self._pinned(self._champions.record())

    def version(self, version: str) -> PinnedModel:
        """Pin a version by its number.

        Raises:
            InvalidInput: If there is no such version.
        """
        return self._pinned(self._rest.version(self._model_name, version))

    def origin(self, version: str) -> Origin:
        """Look up what a version is made of.

        Raises:
            InvalidInput: If there is no such version.
        """
        return Origin.of(pairs(self._rest.version(self._model_name, version).get("tags", [])))

    def test_accuracy(self, version: str, images_digest: str) -> float | None:
        """Look up the measured accuracy of a version on these test images, 0-1, if there is one."""
        try:
            tags = pairs(self._rest.version(self._model_name, version).get("tags", []))
        except InvalidInput:
            return None
        if tags.get("test_digest") != images_digest or "test_accuracy" not in tags:
            return None
        return float(tags["test_accuracy"])

    def predictor(self, model: PinnedModel) -> Predictor:
        """Load the scoring graph of a pinned version, unless it is one of the two used last.

        Two, because champion and canary take turns.

        Raises:
            IntegrityError: If the registry hands out bytes with another digest.
        """
        used = self._used_last
        loaded = next((one for one in used if one.sha256 == model.digest), None)
        if loaded is None:
            loaded = Predictor(self.graph(model), model.digest)
        self._used_last = (loaded, *(one for one in used if one is not loaded))[:2]
        return loaded

    def graph(self, model: PinnedModel) -> Path:
        """Fetch the scoring graph of a pinned version, unless it is in the cache, whole.

        Raises:
            IntegrityError: If the registry hands out bytes with another digest.
            Unavailable: If the cache cannot be written, as on a full disk.
        """
        path = self._graphs / f"{model.digest}.onnx"
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != model.digest:
            self._download(model, path)
        return path

    def _download(self, model: PinnedModel, path: Path) -> None:
        tags = _tags(self._rest.version(model.name, model.version))
        content = self._rest.artifact(tags[GRAPH_LOCATION])
        digest = hashlib.sha256(content).hexdigest()
        if digest != model.digest:
            raise IntegrityError(
                f"The scoring graph of {model.name} version {model.version} has SHA-256 {digest}, "
                f"but {model.digest} was recorded at training. Do not use it: roll back to "
                "another version and look for who changed the artifact."
            )
        _keep(content, path)

    def _pinned(self, record: dict[str, Any]) -> PinnedModel:
        tags = _tags(record)
        return PinnedModel(
            name=record["name"],
            version=record["version"],
            digest=tags[GRAPH_SHA256],
            accept_confidence=float(tags[ACCEPT_CONFIDENCE]),
            ood_threshold=float(tags.get(OOD_THRESHOLD, "inf")),  # older versions have no score
            no_digit_threshold=float(tags.get(NO_DIGIT_THRESHOLD, "inf")),
        )


def _keep(content: bytes, path: Path) -> None:
    """Write a file that others see whole or not at all."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            f"A scoring graph of {len(content):,} bytes cannot be kept in {path.parent} ({error}); "
            "free some space there, or let MNIST_CACHE_DIR name another folder."
        ) from error


def _tags(record: dict[str, Any]) -> dict[str, str]:
    tags = pairs(record.get("tags", []))
    for name in (GRAPH_SHA256, GRAPH_LOCATION, ACCEPT_CONFIDENCE):
        if name not in tags:
            raise IntegrityError(
                f"Version {record['version']} of {record['name']} has no tag {name!r}, so its "
                "scoring graph cannot be trusted; register models through the flow `retrain`."
            )
    return tags
