"""Batches scored for real, without an orchestrator."""

from __future__ import annotations

from pathlib import Path

from mnist.scoring.receipts import Receipt
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from tests.factories import OneModel, png, services_of


class Scorer:
    """Puts images into the inbox and scores them as the flow does."""

    def __init__(
        self, settings: Settings, folder: Path, registry: type[OneModel] = OneModel
    ) -> None:
        self.bucket = Bucket.on_s3(settings, settings.inbox_bucket)
        self._owner = control_client(settings)
        services = services_of(settings, registry=registry(folder))
        self.results, self._steps = services.results, services.batch_scoring

    def drop(self, batch: str, count: int) -> None:
        """Drop drawn digits named after what they show: `0007-7.png`."""
        for i in range(count):
            self.bucket.put(f"{batch}/{i:04d}-{i % 10}.png", png(i % 10, mark=i % 200))

    def delete(self, key: str) -> None:
        """Take an object away, as its owner may at any time."""
        self._owner.delete_object(Bucket=self.bucket.name, Key=key)

    def drop_rejects(self, batch: str) -> None:
        """Drop what cannot be scored: nothing, a text, and half a picture."""
        self.bucket.put(f"{batch}/empty.png", b"")
        self.bucket.put(f"{batch}/text.png", b"no image")
        self.bucket.put(f"{batch}/half.png", png(3)[:60])

    def score(self, batch: str, run: str = "run-1") -> Receipt:
        """Score a batch to its receipt."""
        return self._steps.run(batch, run).receipt

    def score_first_chunk(self, batch: str) -> None:
        """Do what a run has done that is killed after its first chunk."""
        self._steps.run(batch, "killed", map=_first, close=False)


def _first(score, chunks):
    yield score(next(iter(chunks)))
