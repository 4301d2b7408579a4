"""Our application over one graph of a file, for uvicorn's `--factory`; see `benchmarks.api`."""

import hashlib
import os
from pathlib import Path

from fastapi import FastAPI

from api.application import create
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.settings import Settings
from mnist.storage.acceptance import AcceptanceLog
from mnist.storage.bucket import Bucket
from mnist.storage.signing import Signing


class OneVersion:
    """A registry whose champion never changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def champion(self) -> PinnedModel:
        """Pin the only version."""
        return PinnedModel("digits", "1", self._digest, accept_confidence=0.5)

    def predictor(self, model: PinnedModel) -> Predictor:
        """Load its graph."""
        return Predictor(self._path, model.digest)


def app() -> FastAPI:
    """Make the application."""
    settings = Settings(
        AWS_ACCESS_KEY_ID="unused",
        AWS_SECRET_ACCESS_KEY="unused",  # noqa: S106 - the buckets are in memory
        MLFLOW_TRACKING_URI="http://127.0.0.1:1",
    )
    results, inbox = Bucket.in_memory("results"), Bucket.in_memory("inbox")
    acceptance = AcceptanceLog(results, Signing(results), settings.cautious_confidence)
    return create(settings, OneVersion(Path(os.environ["BENCHMARK_GRAPH"])), acceptance, inbox)
