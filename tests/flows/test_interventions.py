"""`promote`, `rollback` and `rescore`, one after another, on a real MLflow, store and Prefect."""

import numpy as np
import pytest
from mlflow import MlflowClient
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from flows.promote import promote
from flows.rescore import rescore
from flows.rollback import rollback
from flows.score_batch import score_batch
from mnist import services
from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidInput
from mnist.storage.bucket import Bucket
from mnist.storage.journal import Journal, lineage
from tests.factories import digit_images, png
from tests.registries import Registry

LABELS = np.arange(400) % 10
DRAWN = LabelledImages(digit_images(LABELS), LABELS)
SWAPS_4_AND_9 = [0, 1, 2, 3, 9, 5, 6, 7, 8, 4]


@pytest.fixture
def models(mlflow_uri, store, tmp_path, monkeypatch, results_bucket):
    """A registered model whose version 1 was promoted by the gates."""
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    made = Registry(mlflow_uri, tmp_path, Journal(results_bucket))
    made.decide(made.publish())
    yield made
    made.reader.close()


@pytest.fixture
def in_charge(wired, models, settings, monkeypatch):
    """Point the flows at that model, and at drawn digits for a test set."""
    named = settings.model_copy(
        update={"mlflow_tracking_uri": models.uri, "model_name": models.name}
    )
    services.current().settings = named
    services.current().registry = models.reader
    monkeypatch.setattr(
        "mnist.operations.interventions.load_dataset",
        lambda *_, **__: Dataset(DRAWN, DRAWN, "drawn"),
    )
    return models


def artifact(key):
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        )
    return max(found, key=lambda each: each.created).data


@pytest.mark.slow
def test_a_person_promotes_regrets_goes_back_and_repairs(in_charge, inbox_bucket, results):
    second = in_charge.publish(SWAPS_4_AND_9)
    for number in range(100):  # fewer decide nothing
        inbox_bucket.put(f"before/{number}.png", png(number % 10))
    score_batch("before")

    for who, why in (("", "a reason"), ("Ada", " ")):
        with pytest.raises(InvalidInput, match="Nothing was done"):
            promote("2", who, why)
    assert len(in_charge.journal.entries()) == 1

    promoted = promote(2, "Ada", "we want to see it in production")
    assert (promoted["action"], promoted["verdict"]) == ("promoted", "override")
    assert promoted["who"] == "Ada"
    assert promoted["reasons"][0] == "Promoted by Ada: we want to see it in production."
    assert "their verdict: worse" in promoted["reasons"][1]
    assert in_charge.reader.champion().version == second.version
    files = {file.path for file in MlflowClient(in_charge.uri).list_artifacts(second.run_id)}
    assert any(name.startswith("decision-override-") for name in files)
    shown = artifact("promotion-decision")
    assert "| 4 | 9 | 10 | `before/" in shown
    assert "Version 2 is champion now, instead of version 1 (promoted by Ada)" in shown

    with pytest.raises(InvalidInput, match="champion already"):
        promote("2", "Ada", "again")

    for digit in range(10):
        inbox_bucket.put(f"after/{digit}.png", png(digit))
    score_batch("after")
    with pytest.raises(InvalidInput, match="Nothing was done"):
        rollback("Ada", "")
    with pytest.raises(InvalidInput, match="never been champion"):
        rollback("Ada", "a typing error", to_version="3")
    back = rollback("Ada", "it takes 4 and 9 for each other")
    assert (back["action"], back["from_version"], back["to_version"]) == ("rolled-back", "2", "1")
    assert back["batches"] == ["after"]
    assert in_charge.reader.champion().version == "1"
    assert "rescore/default -p from_version=2" in artifact("rollback")
    with pytest.raises(InvalidInput, match="no earlier champion"):
        rollback("Ada", "one more")

    assert rescore(2)["digits_changed"] == 2
    assert results.rows("after")["digit"].to_pylist().count(9) == 1
    assert lineage(in_charge.journal.entries()) == ["1"]
    assert [e.action for e in in_charge.journal.entries()] == [
        "promoted",
        "promoted",
        "rolled-back",
    ]


def test_a_champion_that_no_longer_loads_promotes_nothing_and_says_what_to_do(
    in_charge, store, settings
):
    """First its graph is another one, then it is gone, then its version is gone."""
    second = in_charge.publish(SWAPS_4_AND_9)
    client = MlflowClient(in_charge.uri)
    tags = client.get_model_version(in_charge.name, "1").tags
    artifacts = Bucket.on_s3(settings, "mlflow")
    key = f"artifacts/{tags['scoring_graph_location']}"

    def verdict():
        judgement = services.current().interventions.judge(second.version, lambda *_: None)
        assert not judgement.decision.promote
        return judgement.decision.reasons[0]

    artifacts.put(key, b"another graph")
    assert "was recorded at training" in verdict()
    _delete(settings, key)
    assert "has no artifact" in verdict()
    client.delete_model_version(in_charge.name, "1")
    assert "has no version 1" in verdict()
    assert "roll back to a version that loads" in verdict()
    assert len(in_charge.journal.entries()) == 1

    # A person can still end it, though never with a version that does not load either.
    assert promote(second.version, "Ada", "the old one is lost")["action"] == "promoted"
    assert in_charge.reader.champion().version == second.version
    with pytest.raises(InvalidInput, match="no version"):
        rollback("Ada", "back to what is lost")


def _delete(settings, key):
    from mnist.storage.clients import control_client

    control_client(settings).delete_object(Bucket="mlflow", Key=key)
