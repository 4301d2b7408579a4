"""The registry on a real MLflow server: publish, pin, fetch, decide, and be told what is wrong."""

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient

from mnist.errors import IntegrityError, InvalidInput, NoChampion, Unavailable
from mnist.registry.aliases import Aliases
from mnist.registry.journal import Journal
from mnist.registry.publishing import Publisher, RegisteredVersion
from mnist.registry.reader import RegistryReader
from mnist.run_records import RunRecord
from mnist.storage.bucket import Bucket
from tests.factories import digit_images, template_graph


class Registry:
    """Everything around one registered model of a test's own."""

    def __init__(self, uri: str, folder: Path) -> None:
        self.name = f"digits-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.publisher = Publisher(uri, f"experiment-{self.name}", self.name)
        self.reader = RegistryReader(uri, self.name, folder / "cache")
        self.journal = Journal(Bucket.in_memory())
        self.aliases = Aliases(uri, self.name, self.journal)
        self.uri = uri

    def publish(self) -> RegisteredVersion:
        graph = self.folder / "model.onnx"
        self.digest = template_graph(graph)
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
                version_tags={"recipe": "demo"},
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


@pytest.fixture
def registry(mlflow_uri, store, tmp_path, monkeypatch):
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    made = Registry(mlflow_uri, tmp_path)
    yield made
    made.reader.close()


def test_what_was_published_can_be_pinned_and_reads_digits(registry):
    version = registry.publish()
    registry.decide(version)
    pinned = registry.reader.champion()
    assert (pinned.version, pinned.digest, pinned.accept_confidence) == (
        version.version,
        registry.digest,
        0.875,
    )
    predictor = registry.reader.predictor(pinned)
    assert predictor.predict(digit_images(range(10))).argmax(axis=1).tolist() == list(range(10))


def test_the_registry_keeps_the_very_bytes_of_the_graph(registry):
    registry.decide(registry.publish())
    registry.reader.predictor(registry.reader.champion())
    (cached,) = (registry.folder / "cache" / "graphs").iterdir()
    assert hashlib.sha256(cached.read_bytes()).hexdigest() == registry.digest


def test_a_cached_graph_needs_no_registry(registry):
    registry.decide(registry.publish())
    pinned = registry.reader.champion()
    registry.reader.predictor(pinned)
    offline = RegistryReader("http://127.0.0.1:1", registry.name, registry.folder / "cache")
    with closing(offline):
        assert offline.predictor(pinned).sha256 == registry.digest


def test_a_changed_graph_in_the_cache_is_refused(registry):
    registry.decide(registry.publish())
    pinned = registry.reader.champion()
    registry.reader.predictor(pinned)
    (cached,) = (registry.folder / "cache" / "graphs").iterdir()
    content = bytearray(cached.read_bytes())
    content[100] ^= 1
    cached.write_bytes(content)
    with pytest.raises(IntegrityError, match=registry.digest):
        registry.reader.predictor(pinned)


def test_a_changed_graph_in_the_registry_is_refused_and_not_cached(registry):
    registry.decide(registry.publish())
    pinned = registry.reader.champion()
    wrong = pinned.__class__(pinned.name, pinned.version, "0" * 64, 0.5)
    with pytest.raises(IntegrityError, match="roll back"):
        registry.reader.predictor(wrong)
    assert not (registry.folder / "cache" / "graphs").exists()


def test_no_champion_is_said_with_what_to_do(registry):
    with pytest.raises(NoChampion, match="retrain/default"):
        registry.reader.champion()
    registry.aliases.nominate(registry.publish())
    with pytest.raises(NoChampion):
        registry.reader.champion()


def test_an_unknown_version_is_named(registry):
    registry.publish()
    with pytest.raises(InvalidInput, match="'99'"):
        registry.reader.version("99")


def test_a_version_without_digest_is_not_trusted(registry):
    version = registry.publish()
    httpx.request(
        "DELETE",
        f"{registry.uri}/api/2.0/mlflow/model-versions/delete-tag",
        json={"name": registry.name, "version": version.version, "key": "scoring_graph_sha256"},
    ).raise_for_status()
    with pytest.raises(IntegrityError, match="scoring_graph_sha256"):
        registry.reader.version(version.version)


def test_a_registry_that_is_down_is_named(tmp_path):
    with (
        closing(RegistryReader("http://127.0.0.1:1", "digits", tmp_path)) as reader,
        pytest.raises(Unavailable, match="MLFLOW_TRACKING_URI"),
    ):
        reader.champion()


def test_a_refused_candidate_is_on_record_and_nothing_moves(registry):
    first, second = registry.publish_many(2)
    registry.decide(first)
    entry = registry.decide(second, promote=False, seen=first.version)
    assert (entry.action, entry.from_version, entry.to_version) == (
        "refused",
        first.version,
        second.version,
    )
    assert registry.reader.champion().version == first.version
    assert [e.action for e in registry.journal.entries()] == ["promoted", "refused"]


def test_a_candidate_judged_against_yesterdays_champion_is_not_promoted(registry):
    first, second, third = registry.publish_many(3)
    registry.decide(first)
    registry.decide(second, seen=first.version)
    late = registry.decide(third, seen=first.version)
    assert late.action == "refused"
    assert "champion changed meanwhile" in late.reasons[0]
    assert registry.reader.champion().version == second.version


def test_two_promotions_at_once_leave_one_winner_and_two_entries(registry):
    first, second, third = registry.publish_many(3)
    registry.decide(first)
    with ThreadPoolExecutor(2) as pool:
        entries = list(pool.map(lambda v: registry.decide(v, seen=first.version), [second, third]))
    assert sorted(entry.action for entry in entries) == ["promoted", "refused"]
    assert [e.sequence for e in registry.journal.entries()] == [1, 2, 3]
    (winner,) = [e.to_version for e in entries if e.action == "promoted"]
    assert registry.reader.champion().version == winner


def test_a_promotion_that_died_before_moving_the_alias_is_completed(registry):
    first, second = registry.publish_many(2)
    registry.decide(first)
    entry = registry.journal.entries()[0]
    died = entry.model_copy(update={"sequence": 2, "to_version": second.version})
    assert registry.journal.append(died)
    assert registry.reader.champion().version == first.version
    registry.aliases.reconcile()
    assert registry.reader.champion().version == second.version
