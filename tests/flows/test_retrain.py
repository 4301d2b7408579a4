"""The flow `retrain` from data to decision, on scikit-learn's digits and a real MLflow."""

import uuid
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

from flows.retrain import retrain
from mnist import services
from mnist.data.set_uses import Use
from mnist.errors import InvalidDataset, InvalidPolicy, InvalidRecipe, Unavailable
from mnist.layouts.line_images import LINE_HEIGHT, STRIDE
from mnist.layouts.sequences import ANSWERS
from mnist.registry.reader import RegistryReader
from mnist.storage.inbox import Inbox
from mnist.storage.journal import Journal
from mnist.training.backend import device
from mnist.training.recipes import RECIPES, Recipe
from tests.factories import png, settings_of
from tests.reviewing import review_of

LENIENT = {
    "version": "lenient",
    "macro_f1_floor": 0.5,
    "class_f1_floor": 0.1,
    "class_recall_floor": 0.1,
    "confusion_rate_cap": 1.0,
    "calibration_error_cap": 1.0,
    "brier_cap": 1.0,
    "log_loss_cap": 9.0,
}


@pytest.fixture
def settings(settings, mlflow_uri, store, monkeypatch, tmp_path):
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    # Neither MNIST nor a network: the bundled digits stand in, whatever this machine has.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("mnist.data.datasets._download", lambda _path: False)
    mark = uuid.uuid4().hex[:8]
    strangers = tmp_path / "real-world" / "strangers"
    strangers.mkdir(parents=True)
    (strangers / "seven.png").write_bytes(png(7))
    (strangers / "labels.csv").write_text("file,label\nseven.png,7\n")
    return settings.model_copy(
        update={
            "mlflow_tracking_uri": mlflow_uri,
            "model_name": f"digits-{mark}",
            "experiment_name": f"digits-{mark}",
            "data_dir": None,
            "fallback_digits": True,
            "real_world_dir": strangers.parent,
        }
    )


@pytest.fixture
def reader(settings, results_bucket):
    made = RegistryReader(settings, Journal(results_bucket))
    yield made
    made.close()


@pytest.fixture
def wired_to_mlflow(wired, reader, monkeypatch):
    services.current().registry = reader
    monkeypatch.setattr("mnist.training.recipes._FEWEST_STEPS", 200)
    monkeypatch.setattr("mnist.training.line_network.BATCH", 4)
    tiny = Recipe("tiny", "deep-cnn", epochs=10, width=0.3, batch_size=64, strips=40)
    monkeypatch.setitem(RECIPES, "tiny", tiny)


pytestmark = pytest.mark.usefixtures("wired_to_mlflow")


@pytest.mark.slow(seconds=90)
def test_two_retrainings_leave_evidence_and_never_something_worse(
    settings, reader, inbox_bucket, tmp_path
):
    first = retrain(recipe="tiny", seed=0, policy=LENIENT)
    assert (first["action"], first["from_version"]) == ("promoted", None)
    champion = reader.champion()
    assert champion.version == first["to_version"]

    client = MlflowClient(settings.mlflow_tracking_uri)
    version = client.get_model_version_by_alias(settings.model_name, "champion")
    assert version.tags["dataset"] == "sklearn-digits"
    assert version.tags["recipe"] == "tiny"
    assert version.tags["scoring_graph_sha256"] == champion.digest
    line = np.zeros((LINE_HEIGHT, 10 * STRIDE), np.uint8)
    assert reader.predictor(champion).predict_line(line).shape == (10, ANSWERS)
    run = client.get_run(version.run_id)
    assert run.data.params["device"] == version.tags["device"] == device()
    assert run.data.metrics["test_accuracy"] > 0.5
    assert run.data.metrics["real_world/strangers/images"] == 1
    assert run.data.metrics["data/test_images_also_in_training"] == 0
    assert len(client.get_metric_history(version.run_id, "validation_accuracy")) >= 2
    files = {
        found.path
        for folder in ("", "plots", "keras", "data")
        for found in client.list_artifacts(version.run_id, folder)
    }
    assert files >= {
        "plots/loss.png",
        "plots/accuracy.png",
        "plots/confusion-matrix.png",
        "plots/misclassified.png",
        "evaluation.json",
        "history.json",
        "keras/model.keras",
        "test-predictions.parquet",
        "decision.md",
        "decision.json",
        "model-card.md",
        "data/class-distribution.png",
        "data/samples.png",
    }

    # The very same once more is not trained; the journal says so, and nothing moves.
    same = retrain(recipe="tiny", seed=0, policy=LENIENT)
    assert (same["action"], same["verdict"]) == ("nothing-new", "nothing_new")
    assert (same["from_version"], same["to_version"]) == (champion.version, champion.version)
    assert "Pass another seed" in same["reasons"][0]
    assert len(client.search_model_versions(f"name='{settings.model_name}'")) == 1
    assert client.get_model_version(settings.model_name, champion.version).tags["promoted"] == (
        "true"
    )

    # A floor that no lower bound reaches: the run succeeds, the answer is no, the champion stays.
    # Two people have labelled an image meanwhile.
    inbox_bucket.put("scans/seven.png", png(7, 99))  # none of those that evaluate
    (page,) = Inbox(inbox_bucket).versions("scans")
    for who in ("ada", "bob"):
        services.current().reviews.append(review_of(page[0], png(7, 99), who, "7"))
    # And somebody has imported a set of their own, half to train on, half to evaluate with.
    for digit in range(10):
        for mark in range(1, 7):
            inbox_bucket.put(f"own/{digit}/{mark}.png", png(digit, mark))
    importing = services.current().importing
    importing.run(f"s3://{inbox_bucket.name}/own", "own", Use.SPLIT, "ada")
    second = retrain(recipe="tiny", seed=1, policy=LENIENT | {"class_recall_floor": 1.0})
    assert second["action"] == "refused"
    assert any("recall" in reason for reason in second["reasons"])
    assert reader.champion().version == first["to_version"]
    assert (
        client.get_model_version_by_alias(settings.model_name, "candidate").version
        == (second["to_version"])
    )
    actions = [entry.action for entry in services.current().journal.entries()]
    assert actions == ["promoted", "nothing-new", "refused"]
    other = client.get_model_version(settings.model_name, second["to_version"])
    assert other.tags["dataset_digest"] != version.tags["dataset_digest"]
    inputs = client.get_run(other.run_id).inputs.dataset_inputs
    contexts = {(i.dataset.name, tag.value) for i in inputs for tag in i.tags}
    assert contexts == {
        ("sklearn-digits", "training"),
        ("sklearn-digits", "validation"),
        ("sklearn-digits", "testing"),
        ("own", "training"),
        ("own", "evaluation"),
        ("strangers", "evaluation"),
    }
    metrics = client.get_run(other.run_id).data.metrics
    assert 0 < metrics["data/share/own"] < 0.2
    assert metrics["real_world/own/images"] > 10
    report = Path(client.download_artifacts(other.run_id, "decision.md", str(tmp_path))).read_text()
    assert "images of own accuracy is" in report
    assert "values of several digits against the champion" in report
    assert "## Reviewed labels\n\n1 used, 10 times per epoch (labels of ada 1, bob 1)." in report


def test_a_run_without_a_seed_takes_the_day_on_which_it_was_due_and_is_named_after_it(
    monkeypatch,
):
    due = datetime(2026, 11, 29, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    monkeypatch.setattr("prefect.runtime.flow_run.get_scheduled_start_time", lambda: due)
    used = []
    monkeypatch.setattr("flows.retrain.load_data", lambda seed, _recipe: used.append(seed) or 1 / 0)
    for seed in (None, 5):
        with pytest.raises(ZeroDivisionError):
            retrain(recipe="tiny", seed=seed)
    assert used == [20261128, 5]  # UTC
    names = ["retrain-tiny-seed-20261128", "retrain-tiny-seed-5"]
    with get_client(sync_client=True) as client:
        of_these = FlowRunFilter(name=FlowRunFilterName(any_=names))
        runs = client.read_flow_runs(flow_run_filter=of_these)
    assert {run.name for run in runs} == set(names)


def test_without_mnist_nothing_is_trained_unless_somebody_said_that_other_digits_will_do(settings):
    services.current().settings = settings.model_copy(update={"fallback_digits": False})
    with pytest.raises(InvalidDataset, match=r"MNIST is not here.*MNIST_FALLBACK_DIGITS=true"):
        retrain(recipe="tiny")
    assert services.current().journal.entries() == []


def test_a_wrong_recipe_fails_before_any_time_is_spent_and_lists_the_right_ones():
    with pytest.raises(InvalidRecipe, match="demo"):
        retrain(recipe="fastest")


def test_an_impossible_policy_fails_before_any_time_is_spent():
    with pytest.raises(InvalidPolicy, match="macro_f1_floor"):
        retrain(recipe="tiny", policy={"macro_f1_floor": 7})


def test_a_registry_that_is_down_is_named_before_any_time_is_spent():
    gone = RegistryReader(settings_of(), services.current().journal)
    services.current().registry = gone
    with closing(gone), pytest.raises(Unavailable, match="MLflow did not answer"):
        retrain(recipe="tiny")
