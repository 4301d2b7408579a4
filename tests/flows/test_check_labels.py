"""The flow `check-labels` on scikit-learn's digits, a real store and a real MLflow."""

import hashlib
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from flows.check_labels import check_labels
from mnist import services
from mnist.data import training_data
from mnist.data.datasets import load_sklearn_digits
from mnist.data.labelled import LabelledImages
from mnist.data.wrong_labels import WRONG_LABEL
from mnist.errors import InvalidRecipe
from mnist.registry.catalogue import LABEL_CHECK
from mnist.reviews.verdict import ErrorFault
from mnist.tables import from_parquet
from mnist.training.recipes import RECIPES, get_recipe
from tests.reviewing import verdict

WRONG = [3, 30, 300]


@pytest.fixture
def settings(settings, mlflow_uri, store, monkeypatch, tmp_path):
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    return settings.model_copy(
        update={"mlflow_tracking_uri": mlflow_uri, "experiment_name": f"checks-{tmp_path.name}"}
    )


@pytest.fixture
def planted(monkeypatch):
    """Three training images have a label that is wrong."""
    digits = load_sklearn_digits()
    labels = digits.train.labels.copy()
    labels[WRONG] = (labels[WRONG] + 5) % 10
    dataset = replace(digits, train=LabelledImages(digits.train.images, labels))
    monkeypatch.setattr(training_data, "load_dataset", lambda *_, **__: dataset)
    small = replace(get_recipe("mlp"), width=0.3, batch_size=64)
    monkeypatch.setitem(RECIPES, "demo", small)
    return dataset.train


@pytest.fixture
def catalogue(wired):
    with closing(wired.catalogue) as opened:
        yield opened


def digest(images, row):
    return hashlib.sha256(images.images[row].tobytes()).hexdigest()


@pytest.mark.slow
def test_planted_labels_are_contradicted_and_a_verdict_leaves_one_out(catalogue, planted):
    result = check_labels(recipe="demo")
    assert result["images"] == planted.n
    assert result["out_of_fold_accuracy"] > 0.9
    run = catalogue.label_check()
    assert run is not None
    assert run.metrics["contradicted"] == result["contradicted"]
    table = from_parquet(catalogue.file(run, LABEL_CHECK))
    assert table.num_rows == planted.n
    contradicted = [row for row, raw in enumerate(table["pixels"].to_pylist()) if raw]
    assert len(contradicted) == sum(
        max(range(10), key=lambda digit: row[f"p{digit}"]) != row["label"]
        for row in table.to_pylist()
    )
    assert set(WRONG) <= set(contradicted)
    row = table.slice(WRONG[0], 1).to_pylist()[0]
    assert row["sha256"].hex() == digest(planted, WRONG[0])
    assert np.frombuffer(row["pixels"], np.uint8).sum() == planted.images[WRONG[0]].sum()

    values = {"test_image": None, "source": row["source"], "label": row["label"]}
    for place, fault in zip(WRONG, ErrorFault, strict=True):
        values |= {"sha256": digest(planted, place), "label": int(planted.labels[place])}
        services.current().verdicts.append(verdict(0, "ada", fault, **values))
    data = services.current().retraining.load(0, get_recipe("demo"))
    assert data.left_out == {WRONG_LABEL: 1}
    assert data.dataset.train.n == planted.n - 1
    assert services.current().checking_labels.load("demo", 0).dataset.train.n == planted.n


def test_a_recipe_that_does_not_exist_is_refused_at_once(wired):
    with pytest.raises(InvalidRecipe, match=r"'oracle'; choose one of .*fast"):
        check_labels(recipe="oracle")
