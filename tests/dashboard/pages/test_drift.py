"""The page of drift: the strip of days, what changed in one of them, and its images."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from dashboard.pages.drift import queries
from mnist import services
from mnist.tables import to_parquet
from tests.daily_rows import people, record

pytestmark = pytest.mark.usefixtures("environment")

_DAY = date(2026, 11, 2)


def report(day, stability, verdict="steady", batch=""):
    """Make a report as the first release wrote it."""
    return pa.table(
        {
            "day": [day],
            "batch": [batch],
            "verdict": [verdict],
            "measure": ["brightness"],
            "stability": [stability],
            "has_moved": [stability > 0.2],
        }
    )


@pytest.fixture
def darker(results):
    """A steady batch, and one with a darker scanner, on one day, judged by `monitor`."""
    change_scanner(results)


def change_scanner(results):
    """Record a day on which one of two batches came from a darker scanner, and judge it."""
    monitoring = services.current().monitoring
    log = services.current().monitoring_log
    log.write_reference(date(2026, 11, 1), people(1_000, 1))
    record(results, "forms", _DAY, people(300, 2))
    record(results, "scans", _DAY, people(300, 3, brightness=lambda values: values - 60))
    monitoring.record(monitoring.compare(_DAY, monitoring.reference(_DAY, renew=False)), "run-1")


def chart_count(page):
    return len(page.app.get("vega_lite_chart"))


def test_before_the_first_monitor_run_it_says_how_to_start_one(drift):
    assert "prefect deployment run 'monitor/default'" in drift.open().words


def test_a_changed_batch_shows_what_changed_first_beside_the_reference(drift, darker):
    page = drift.open(day="2026-11-02", batch="scans")
    assert page.words.startswith("Drift · 2026-11-02, batch scans")
    assert "**Scanner changed.**" in page.words
    assert "**brightness**: The paper is lighter or darker" in page.words
    table = page.app.dataframe[0].value
    assert table["measure"].iloc[0] == "brightness"
    assert table["moved"].tolist() == sorted(table["moved"], reverse=True)
    assert chart_count(page) == 3
    assert len(page.tiles) == 24


def test_another_measure_is_followed_by_its_address(drift, darker):
    page = drift.open(day="2026-11-02", measure="ink")
    specs = [chart.proto.spec for chart in page.app.get("vega_lite_chart")]
    assert len(specs) == 3
    assert all('"ink"' in spec or "index of ink" in spec for spec in specs[1:])


def test_the_gravest_batch_of_a_day_comes_first(drift, darker):
    page = drift.open()
    (box,) = [box for box in page.app.selectbox if box.label == "Of it"]
    assert box.options == ["the whole day", "scans", "forms"]


def test_reports_of_the_first_release_are_shown_too(drift, results_bucket):
    for day, stability in ((1, 0.01), (2, 0.4)):
        content = to_parquet(report(date(2026, 11, day), stability, "scanner-changed"))
        results_bucket.create(f"monitoring/reports/day_2026-11-0{day}/run.parquet", content)
    page = drift.open()
    assert "Scanner changed" in page.words
    assert page.app.dataframe[0].value["measure"].tolist() == ["brightness"]
    assert "no longer there to be counted" in page.words
    assert "There is no report about `2026-01-01`" in drift.open(day="2026-01-01").words


def test_a_report_that_is_none_is_named(drift, results_bucket):
    results_bucket.create("monitoring/reports/day_2026-11-01/x.parquet", b"PAR1")
    assert "x.parquet` lies among the reports and is none" in drift.open().words


def test_a_store_that_is_down_is_one_sentence(drift, dashboard):
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert "check AWS_ENDPOINT_URL" in drift.open().words


@pytest.mark.parametrize("measure", ["brightness", "digit", "rejected"])
def test_a_distribution_sums_to_one_on_both_sides(measure):
    counted = queries.distribution(people(200, 1), people(300, 2), measure)
    sums = counted.groupby("images")["share"].sum()
    assert np.allclose(sums[["reference", "now"]], 1)


def test_a_distribution_without_values_is_empty():
    assert queries.distribution(people(200, 1), people(200, 2).slice(0, 0), "ink").empty
