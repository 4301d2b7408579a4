"""A registered model of a test's own on a real MLflow server."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlflow import MlflowClient

from mnist.candidates.run_records import RunRecord
from mnist.registry.aliases import Aliases
from mnist.registry.publishing import Publisher, RegisteredVersion
from mnist.registry.reader import RegistryReader
from mnist.storage.bucket import Bucket
from mnist.storage.journal import Journal
from tests.factories import settings_of, template_graph


class Registry:
    """Everything around one registered model of a test's own."""

    def __init__(self, uri: str, folder: Path, journal: Journal | None = None) -> None:
        self.name = f"digits-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.settings = settings_of(
            mlflow_tracking_uri=uri,
            model_name=self.name,
            experiment_name=f"experiment-{self.name}",
            cache_dir=folder / "cache",
        )
        self.publisher = Publisher(self.settings)
        self.bucket = Bucket.in_memory()
        self.journal = journal or Journal(self.bucket)
        self.reader = RegistryReader(self.settings, self.journal)
        self.aliases = Aliases(self.settings, self.journal)
        self.uri = uri

    def publish(self, drawn: Sequence[int] = range(10), **tags: str) -> RegisteredVersion:
        """Publish a graph that says digit i of what looks like `drawn[i]`."""
        graph = self.folder / "model.onnx"
        self.digest = template_graph(graph, drawn)
        return self.publisher.publish(
            RunRecord(
                run_name="demo-seed-0",
                parameters={"recipe": "demo", "seed": 0},
                epochs=[{"loss": 0.5}, {"loss": 0.25}],
                metrics={"test_accuracy": 0.99},
                files={"plots/loss.png": b"png", "evaluation.json": b"{}"},
                graph=graph,
                graph_sha256=self.digest,
                accept_confidence=0.875,
                version_tags={"recipe": "demo", **tags},
                description="Recipe demo, seed 0.",
            )
        )

    def publish_many(self, count: int) -> list[RegisteredVersion]:
        """Publish once and register the same model again, which is quicker."""
        first = self.publish()
        client = MlflowClient(self.uri)
        record = client.get_model_version(self.name, first.version)
        return [first] + [
            replace(
                first,
                version=str(
                    client.create_model_version(
                        self.name,
                        record.source,
                        first.run_id,
                        tags=record.tags,
                        model_id=record.source.removeprefix("models:/"),
                    ).version
                ),
            )
            for _ in range(count - 1)
        ]

    def decide(self, version: RegisteredVersion, *, promote=True, seen=None):
        return self.aliases.decide(
            action="promoted" if promote else "refused",
            version=version,
            champion_seen=seen,
            who="tests",
            verdict="better" if promote else "worse",
            reasons=["Because."],
            policy_version="1",
            images_digest="i" * 64,
        )
