"""Looking things up on a real MLflow server."""

import json
import uuid
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from mnist.candidates.run_records import RunRecord
from mnist.errors import (
    IntegrityError,
    InvalidEvaluation,
    InvalidInput,
    MnistError,
    NoChampion,
    Unavailable,
)
from mnist.evaluation.metrics import evaluate
from mnist.registry.catalogue import Catalogue
from mnist.registry.comparisons import ComparisonLog
from mnist.registry.publishing import Publisher
from mnist.storage.bucket import Bucket
from mnist.storage.journal import OVERRIDE, ROLLBACK, Journal
from tests.factories import settings_of, template_graph
from tests.journals import journal as entries_of

_LABELS = np.arange(10).repeat(3)
EVALUATION = evaluate(_LABELS, np.eye(10, dtype=np.float32)[_LABELS])


@pytest.fixture
def name():
    """A registered model of this test's own."""
    return f"digits-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def named(mlflow_uri, name):
    """Settings that name it."""
    return settings_of(
        mlflow_tracking_uri=mlflow_uri, experiment_name=f"experiment-{name}", model_name=name
    )


@pytest.fixture
def journal():
    """Who became champion of it."""
    return Journal(Bucket.in_memory())


@pytest.fixture
def catalogue(named, journal):
    made = Catalogue(named, journal)
    yield made
    made.close()


@pytest.fixture
def publish(named, store, tmp_path, monkeypatch):
    """Publish a run with some files."""
    for variable, value in store.environment().items():
        monkeypatch.setenv(variable, value)
    publisher = Publisher(named)
    graph = tmp_path / "model.onnx"
    record = RunRecord(
        run_name="demo-seed-0",
        parameters={"seed": 0},
        epochs=[{"loss": 0.5}, {"loss": 0.25}],
        metrics={"test_accuracy": 0.99},
        files={},
        graph=graph,
        graph_sha256=template_graph(graph),
        accept_confidence=0.875,
        version_tags={"recipe": "demo", "dataset": "mnist"},
    )
    return lambda **files: publisher.publish(
        replace(record, files={f"{stem}.json": content for stem, content in files.items()})
    )


def test_links_to_runs_lead_to_where_people_open_mlflow(named, publish, mlflow_uri, journal):
    version = publish()
    public = named.model_copy(update={"mlflow_public_url": "https://models.example.com/"})
    url = Publisher(public).registered(version.version).run_url
    assert url == version.run_url.replace(mlflow_uri, "https://models.example.com")
    (entry,) = entries_of(f"promoted {version.version}")
    journal.append(lambda *_: entry)
    with closing(Catalogue(public, journal)) as catalogue:
        assert catalogue.champion().run.url == url


def test_the_champion_is_found_with_its_run_and_evaluation(catalogue, publish, journal, name):
    version = publish(evaluation=json.dumps(EVALUATION.as_dict()).encode())
    (entry,) = entries_of(f"promoted {version.version}")
    journal.append(lambda *_: entry)
    champion = catalogue.champion()
    assert (champion.name, champion.version) == (name, version.version)
    assert champion.tags["dataset"] == "mnist"
    assert champion.tags["accept_confidence"] == "0.875"
    assert champion.run.url == version.run_url
    assert champion.run.metrics["loss"] == 0.25
    assert catalogue.evaluation(champion.run) == EVALUATION


def test_runs_come_newest_first_and_no_more_than_asked_for(catalogue, publish):
    ids = [publish().run_id for _ in range(3)]
    assert [run.run_id for run in catalogue.runs(2)] == [ids[2], ids[1]]
    (newest, _) = catalogue.runs(2)
    assert (newest.name, newest.status) == ("demo-seed-0", "FINISHED")
    assert newest.finished_at >= newest.started_at


def test_versions_come_newest_first_and_each_can_be_looked_up(catalogue, publish):
    first, second, third = (publish() for _ in range(3))
    assert [each.version for each in catalogue.versions(2)] == [third.version, second.version]
    newest = catalogue.versions(1)[0]
    assert (newest.run_id, newest.tags["recipe"]) == (third.run_id, "demo")
    assert catalogue.version(first.version).run.run_id == first.run_id
    with pytest.raises(InvalidInput, match="has no version '99'"):
        catalogue.version("99")


def test_a_file_of_a_run_is_read_if_the_run_kept_it(catalogue, publish):
    details = catalogue.version(publish(history=b"[1]").version)
    assert catalogue.file(details.run, "history.json") == b"[1]"
    assert catalogue.file(details.run, "other.json") is None


def judged(verdict: str, *, reason: str) -> bytes:
    """Make what a run keeps of a decision."""
    return json.dumps(
        {
            "verdict": verdict,
            "promote": False,
            "reasons": [reason],
            "evidence": {"checks": []},
            "policy_version": "2",
        }
    ).encode()


def test_a_decision_is_read_with_what_its_gates_measured(catalogue, publish):
    files = {
        "decision": judged("not_worse", reason="own"),
        "decision-override-20260101T000000Z": judged("worse", reason="of a person"),
        "decision-override-20270101T000000Z": judged("worse", reason="of another year"),
    }
    run = catalogue.version(publish(**files).version).run
    (entry,) = entries_of("refused 1")
    kinds = {
        verdict: catalogue.decision(run, entry.model_copy(update={"verdict": verdict}))
        for verdict in ("not_worse", "better", OVERRIDE, ROLLBACK)
    }
    reasons = {verdict: decision and decision.reasons for verdict, decision in kinds.items()}
    assert reasons == {
        "not_worse": ("own",),
        "better": None,  # the run's own decision is another one
        OVERRIDE: ("of a person",),
        ROLLBACK: None,
    }


def test_a_damaged_decision_is_said_to_be_none(catalogue, publish):
    run = catalogue.version(publish(decision=b"{}").version).run
    with pytest.raises(IntegrityError, match="is no decision"):
        catalogue.decision(run, entries_of("refused 1")[0])


def test_finished_comparisons_are_found_and_nothing_else(catalogue, named, store, monkeypatch):
    for variable, value in store.environment().items():
        monkeypatch.setenv(variable, value)
    assert catalogue.comparisons(5) == []
    log = ComparisonLog(named, "comparisons")
    done, failed = (log.begin(f"compare-models-seed-{seed}", {}) for seed in range(2))
    log.add(done, "mlp", parameters={}, metrics={}, epochs=[], files={})
    log.end(done, {}, {"comparison.csv": b"model\n"})
    log.give_up(failed)
    (found,) = catalogue.comparisons(5)
    assert found.run_id == done
    assert catalogue.file(found, "comparison.csv") == b"model\n"


def test_a_run_without_evaluation_has_none(catalogue, publish):
    publish(other=b"{}")
    (run,) = catalogue.runs(1)
    assert catalogue.evaluation(run) is None


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"{}",
        json.dumps(EVALUATION.as_dict() | {"confusion": [[1, 2], [3, 4]]}).encode(),
    ],
)
def test_what_is_no_evaluation_is_said_to_be_none(catalogue, publish, content):
    publish(evaluation=content)
    (run,) = catalogue.runs(1)
    with pytest.raises(InvalidEvaluation, match="valuate the model again"):
        catalogue.evaluation(run)


def test_before_the_first_training_there_is_nothing(catalogue):
    assert catalogue.runs(5) == []
    with pytest.raises(NoChampion, match="Nothing was promoted yet"):
        catalogue.champion()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "nonsense:", "http://127.0.0.1:99999"])
def test_a_server_that_does_not_answer_is_named(uri, journal):
    with (
        closing(Catalogue(settings_of(mlflow_tracking_uri=uri), journal)) as catalogue,
        pytest.raises(Unavailable, match="check MLFLOW_TRACKING_URI"),
    ):
        catalogue.runs(1)


def test_a_server_that_is_no_mlflow_is_named(store, journal):
    with (
        closing(
            Catalogue(settings_of(mlflow_tracking_uri=store.endpoint_url), journal)
        ) as catalogue,
        pytest.raises(MnistError, match="MLFLOW_TRACKING"),
    ):
        catalogue.runs(1)
