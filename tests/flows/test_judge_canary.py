"""The flow that judges a canary, and who is told, in a real Prefect engine over a real store."""

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from flows.judge_canary import judge_canary
from flows.promote import promote
from flows.rollback import rollback
from flows.score_batch import score_batch
from mnist import services
from mnist.canary import CanaryTerms
from mnist.data.datasets import Dataset
from mnist.errors import InvalidInput
from mnist.storage.journal import Journal
from tests.factories import png
from tests.flows.test_interventions import DRAWN, SWAPS_4_AND_9
from tests.registries import Registry

pytestmark = pytest.mark.slow


@pytest.fixture
def models(mlflow_uri, store, tmp_path, monkeypatch, results_bucket, wired, settings):
    """A registered model of two versions, whose first is champion, behind the flows."""
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    made = Registry(mlflow_uri, tmp_path, Journal(results_bucket))
    made.decide(made.publish())
    made.publish(SWAPS_4_AND_9)
    wired.settings = settings.model_copy(
        update={
            "mlflow_tracking_uri": made.uri,
            "model_name": made.name,
            "canary_share": 0.5,
            "canary_least_images": 100,
        }
    )
    wired.registry = made.reader
    monkeypatch.setattr(
        "mnist.operations.interventions.load_dataset",
        lambda *_, **__: Dataset(DRAWN, DRAWN, "drawn"),
    )
    yield made
    made.reader.close()


@pytest.fixture
def told(monkeypatch):
    """Collect events instead of sending them."""
    sent = []
    monkeypatch.setattr("flows.support.events.emit_event", lambda **event: sent.append(event))
    return lambda: [event["event"] for event in sent if event["event"].startswith("ca")]


def shown(key):
    with get_client(sync_client=True) as client:
        of_key = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        return max(client.read_artifacts(artifact_filter=of_key), key=lambda a: a.created).data


def chosen(terms: CanaryTerms) -> str:
    return next(name for name in (f"scan-{n}" for n in range(60)) if terms.chooses(name))


def test_a_person_tries_a_version_which_is_taken_off_by_itself(models, told, inbox_bucket):
    assert judge_canary()["verdict"] == "none"
    began = promote("2", "Ada", "to see it on some", canary=True)
    assert (began["action"], began["from_version"]) == ("canary", "1")
    assert "it scores 50% of the batches" in began["reasons"][0]
    with pytest.raises(InvalidInput, match="Version 2 is on canary"):
        promote("2", "Ada", "once more", canary=True)

    batch = chosen(services.current().journal.canary().canary)
    for number in range(100):
        inbox_bucket.put(f"{batch}/{number}.png", png(number % 10, number))
    score_batch(batch)
    judged = judge_canary()
    assert (judged["verdict"], judged["images"], judged["entry"]) == ("failed", 100, 3)
    assert told() == ["canary.started", "canary.scored", "canary.ended"]
    assert "rescore/default -p from_version=2 -p to_version=1" in shown("canary")
    assert "Version 2 is off canary; version 1 stays champion." in shown("canary")
    assert judge_canary()["verdict"] == "none"
    assert len(told()) == 3


def test_a_rollback_takes_it_off_and_tells(models, told):
    promote("2", "Ada", "to see it on some", canary=True)
    undone = rollback("Bob", "no time to watch it")
    assert (undone["action"], undone["to_version"]) == ("canary-ended", "2")
    assert told() == ["canary.started", "canary.ended"]
    assert models.reader.champion().version == "1"
