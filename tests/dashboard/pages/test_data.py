"""The page Data: a machine without MNIST, duplicates, and drift from the reports of `monitor`."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from dashboard.components import cached
from mnist.data.datasets import Dataset
from mnist.data.labelled import LabelledImages
from mnist.tables import to_parquet
from tests.dashboard.inspected import digits
from tests.factories import digit_images

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")


def report(day, stability, verdict="steady", batch=""):
    return to_parquet(
        pa.table(
            {
                "day": [day],
                "batch": [batch],
                "verdict": [verdict],
                "measure": ["brightness"],
                "stability": [stability],
                "has_moved": [stability > 0.2],
            }
        )
    )


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


def test_before_the_first_monitor_run_it_says_how_to_start_one(data):
    assert "prefect deployment run 'monitor/default'" in data.open().words


def test_drift_is_drawn_by_day_with_the_batches_that_moved(data, results_bucket):
    for day, stability in ((1, 0.01), (2, 0.4)):
        when = date(2026, 11, day)
        key = f"monitoring/reports/day_{when}/run.parquet"
        results_bucket.create(key, report(when, stability, "scanner-changed"))
    key = "monitoring/reports/day_2026-11-02/scans.parquet"
    results_bucket.create(key, report(date(2026, 11, 2), 0.4, "scanner-changed", "scans"))
    page = data.open()
    assert "**2026-11-02: scanner changed**" in page.words
    assert "3 alarms in these reports: 2026-11-02, batch scans: scanner changed;" in page.words
    assert page.app.dataframe[0].value["batch"].tolist() == ["scans"]
    assert len(page.app.get("vega_lite_chart")) == 6


def test_a_report_that_is_none_is_named(data, results_bucket):
    results_bucket.create("monitoring/reports/day_2026-11-01/x.parquet", b"PAR1")
    assert "x.parquet` lies among the reports and is none" in data.open().words


def test_a_store_that_is_down_leaves_the_images_standing(data, dashboard):
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    page = data.open()
    assert "check AWS_ENDPOINT_URL" in page.words
    assert "Mean pixel, test" in page.numbers


def test_a_data_folder_that_is_not_there_is_named(data, dashboard):
    dashboard(MNIST_DATA_DIR="/no/such/folder")
    assert "Cannot read /no/such/folder" in data.open().words
