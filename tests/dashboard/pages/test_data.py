"""The page Data: a machine without MNIST, and duplicates."""

import numpy as np
import pytest

from dashboard.components import cached
from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from tests.dashboard.inspected import digits
from tests.factories import digit_images

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")


def test_without_mnist_it_says_which_images_these_are(data):
    page = data.open()
    assert "This is not MNIST" in page.words
    assert "`sklearn-digits`" in page.words
    assert page.numbers["Mean pixel, training"] == f"{digits().train.images.mean():.2f}"
    assert "No test image is among the training images" in page.app.success[0].value
    assert len(page.app.get("vega_lite_chart")) == 5
    assert len(page.app.get("image")) == 11


def test_an_address_opens_the_same_samples(data):
    page = data.open(set="test", sample="7")
    assert "359 images" in page.words
    page.app.button[0].click().run()
    assert page.checked().app.query_params["sample"] != "7"
    assert "359 images" in data.open(set="test", sample="nonsense").words


def test_test_images_that_were_learned_from_are_listed(data, monkeypatch):
    labels = np.arange(10)
    both = LabelledImages(digit_images(labels), labels)
    monkeypatch.setattr(cached, "dataset", lambda: Dataset(both, both, "mnist"))
    page = data.open()
    assert "10 test images are training images too" in page.app.error[0].value
    assert page.app.dataframe[0].value["test image"].tolist() == list(range(10))


def test_a_store_that_is_down_leaves_the_images_standing(data, dashboard):
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    page = data.open()
    assert "check AWS_ENDPOINT_URL" in page.words
    assert "Mean pixel, test" in page.numbers


def test_a_data_folder_that_is_not_there_is_named(data, dashboard):
    dashboard(MNIST_DATA_DIR="/no/such/folder")
    assert "Cannot read /no/such/folder" in data.open().words
