"""The flow `import-set`, from its parameters to what the next training takes."""

import numpy as np
import pytest

from flows.import_set import import_set
from mnist.data.datasets import load_sklearn_digits
from mnist.errors import InvalidDataset
from mnist.operations.set_images import SetImages
from mnist.training.recipes import Recipe
from tests.factories import png

pytestmark = pytest.mark.usefixtures("sklearn_digits")


@pytest.fixture
def sklearn_digits(wired, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("mnist.data.datasets._download", lambda _path: False)
    wired.settings = wired.settings.model_copy(update={"fallback_digits": True})


def test_a_prefix_of_the_inbox_becomes_images_to_train_on(wired, inbox_bucket):
    for digit in range(10):
        for mark in (1, 2, 3):
            inbox_bucket.put(f"scans/{digit}/{mark}.png", png(digit, mark))
    place = f"s3://{inbox_bucket.name}/scans"
    result = import_set(place, "ada", use="train")
    assert result["import"].startswith("sets/scans/")
    assert result["images"]["train"] == [3] * 10
    recipe = Recipe("any", "deep-cnn", epochs=1)
    (added,) = SetImages(wired).to_train(recipe, load_sklearn_digits().test, {})
    assert np.bincount(added.images.labels).tolist() == [3] * 10


def test_a_refused_set_fails_the_run_and_leaves_nothing(wired, inbox_bucket, labels_bucket):
    inbox_bucket.put("scans/3/a.png", png(3))
    inbox_bucket.put("scans/3/b.png", b"no image")
    place = f"s3://{inbox_bucket.name}/scans"
    with pytest.raises(InvalidDataset, match=r"1 cannot be used \(unreadable 1\)"):
        import_set(place, "ada", use="train")
    assert list(labels_bucket.versions()) == []
    report = import_set(place, "ada", only_report=True)
    assert report["import"] == ""
    assert report["left_out"] == {"unreadable": 1}


def test_a_use_that_is_none_is_refused():
    with pytest.raises(InvalidDataset, match="'both' is no use of a labelled set; expected train"):
        import_set("anywhere", "ada", use="both")
