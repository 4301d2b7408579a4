"""The flows `compare-models` and `compare-pipelines` on scikit-learn's digits and a real MLflow."""

from dataclasses import replace

import pytest
from mlflow import MlflowClient

from flows.compare_models import compare_models
from flows.compare_pipelines import compare_pipelines
from mnist import services
from mnist.errors import InvalidRecipe
from mnist.training.recipes import RECIPES, get_recipe
from tests.factories import png


@pytest.fixture
def settings(settings, mlflow_uri, store, monkeypatch, tmp_path):
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("mnist.data.datasets._download", lambda _path: False)
    strangers = tmp_path / "real-world" / "strangers"
    strangers.mkdir(parents=True)
    (strangers / "seven.png").write_bytes(png(7))
    (strangers / "labels.csv").write_text("file,label\nseven.png,7\n")
    return settings.model_copy(
        update={
            "mlflow_tracking_uri": mlflow_uri,
            "experiment_name": f"comparing-{tmp_path.name}",
            "data_dir": None,
            "fallback_digits": True,
            "real_world_dir": strangers.parent,
        }
    )


@pytest.fixture
def client(wired, settings):
    return MlflowClient(settings.mlflow_tracking_uri)


def runs_of(client):
    name = f"{services.current().settings.experiment_name}-comparisons"
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id])
    parent = next(run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    return parent, {run.info.run_name: run for run in runs if run is not parent}


@pytest.mark.slow
def test_every_model_has_a_run_below_one_parent_with_table_and_figures(client, monkeypatch):
    monkeypatch.setitem(RECIPES, "mlp", replace(get_recipe("mlp"), width=0.2, batch_size=64))
    said = compare_models(models=["mlp", "knn"])
    parent, children = runs_of(client)
    assert said["best"] in {"mlp", "knn"}
    assert said["accuracies"].keys() == children.keys() == {"mlp", "knn"}
    for name, run in children.items():
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.metrics["test_accuracy"] == said["accuracies"][name]
        assert run.data.metrics["real_world/strangers/images"] == 1
        assert run.data.params["training_images"] == run.data.params["training_images_available"]
    files = {
        found.path
        for folder in ("", "data")
        for found in client.list_artifacts(parent.info.run_id, folder)
    }
    assert files >= {
        "comparison.csv",
        "comparison.md",
        "accuracy.png",
        "training-seconds.png",
        "accuracy-against-time.png",
        "accuracy-by-complexity.png",
        "data/class-distribution.png",
    }


def test_a_comparison_that_breaks_off_is_marked_as_failed(client, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("mnist.operations.comparing.Comparing.run", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        compare_models(models=["knn", "svm"])
    parent, _ = runs_of(client)
    assert parent.info.status == "FAILED"


def test_a_model_that_does_not_exist_is_refused_with_those_that_do(client):
    with pytest.raises(InvalidRecipe, match=r"'oracle'; choose from .*knn"):
        compare_models(models=["knn", "oracle"])


def test_pipelines_are_compared_on_test_digits_and_on_images_of_ones_own(client):
    url = compare_pipelines()
    name = f"{services.current().settings.experiment_name}-pipelines"
    (run,) = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    assert url.endswith(run.info.run_id)
    assert run.data.params["model_version"] == "1"
    assert run.data.metrics["strangers/chosen/accuracy"] == 1
    assert run.data.metrics["test_digits/standard/rejected"] == 0
    assert {found.path for found in client.list_artifacts(run.info.run_id)} == {
        "pipelines.csv",
        "pipelines.md",
        "accuracy-and-confidence.png",
        "confidences.png",
    }
