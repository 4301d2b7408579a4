"""Slices of labelled images of production: by source, picture and ink, with their pairs."""

import numpy as np
import pandas as pd

from dashboard.pages.errors.production_slices import measured, production_slices
from mnist.evaluation.weak_slices import slice_reports
from tests.factories import digit_images, rows, version


def frame(count):
    """Labelled predictions of `count` images, all right."""
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "label": np.arange(count) % 10,
            "right": True,
            "width": 28,
            "height": generator.integers(20, 400, count),
            "brightness": generator.random(count),
            "contrast": generator.random(count),
            "sharpness": generator.random(count),
            "warnings": [["faint"] if number % 7 == 0 else [] for number in range(count)],
        }
    )


def slices_of(table, sources, is_here=None):
    here = np.ones(len(table), bool) if is_here is None else is_here
    images = digit_images(table["label"].to_numpy()[here])
    return production_slices(table, sources, images, here)


def test_a_source_that_is_read_worse_is_found_and_so_is_a_pair():
    table = frame(1_000)
    sources = np.where(np.arange(1_000) % 2, "till/", "api-default-")
    slices = slices_of(table, sources.tolist())
    wrong = slices["source till/, little contrast"]
    reports = slice_reports(~wrong, slices)
    weak = [report.name for report in reports if report.is_weak()]
    assert weak[0] == "source till/, little contrast"
    assert "little contrast" in weak
    assert "source api-default-" not in weak


def test_what_is_gone_from_the_inbox_counts_where_its_row_suffices():
    table = frame(200)
    is_here = np.arange(200) < 100
    slices = slices_of(table, ["a/"] * 200, is_here)
    assert not slices["thin strokes"][~is_here].any()
    assert slices["digit 3"].sum() == 20
    assert slices["source a/"].all()
    nothing = slices_of(table, ["a/"] * 200, np.zeros(200, bool))
    assert "thin strokes" not in nothing
    assert nothing["warning faint"].sum() == 29
    assert nothing["small picture"].sum() == 20


def test_rows_of_before_a_measure_existed_are_in_none_of_its_slices():
    table = frame(100).assign(sharpness=np.nan)
    assert not [name for name in slices_of(table, ["a/"] * 100) if "blurred" in name]


def test_measures_come_from_the_row_of_each_image():
    versions = [version("a/1.png", "e1"), version("a/2.png", "e2")]
    recorded = rows(*versions, contrast=0.25, width=30, height=40, warnings=["faint"])
    predictions = pd.DataFrame({"key": ["a/2.png", "a/1.png"], "etag": ["e2", "e1"], "label": 7})
    joined = measured(predictions, [recorded, recorded])
    assert joined["key"].tolist() == ["a/2.png", "a/1.png"]
    assert joined["contrast"].tolist() == [0.25, 0.25]
    assert [*joined["warnings"].iloc[0]] == ["faint"]
