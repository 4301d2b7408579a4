"""The same images after each pipeline: accuracy, confidence and rejects, as figures and plots."""

import csv
import io

import cv2
import numpy as np
import pytest

from mnist.comparison.pipelines import (
    as_csv,
    compare_pipelines,
    plot_accuracy_and_confidence,
    plot_confidences,
    to_markdown,
)
from mnist.images import Limits
from tests.factories import OneModel, digit_images, png


def _on_a_dim_page(digit):
    """A digit drawn dark on a large sheet whose light falls off to one side."""
    ink = cv2.resize(digit_images([digit])[0], (112, 112), interpolation=cv2.INTER_CUBIC)
    sheet = np.tile(np.linspace(235, 90, 400), (300, 1))
    sheet[100:212, 40:152] *= 1 - 0.75 * (ink / 255)
    return cv2.imencode(".png", sheet.astype(np.uint8))[1].tobytes()


@pytest.fixture
def read(tmp_path):
    """What reads a set of files after each pipeline."""
    registry = OneModel(tmp_path)
    predict = registry.predictor(registry.champion()).predict

    def by_pipeline(files, name="scans"):
        return {
            result.pipeline: result for result in compare_pipelines(name, files, predict, Limits())
        }

    return by_pipeline


def test_uneven_light_is_survived_by_one_pipeline_and_chosen_for_it(read):
    results = read([(_on_a_dim_page(digit), digit) for digit in range(10)])
    assert results["standard"].accuracy < results["enhanced"].accuracy
    assert results["chosen"].accuracy == results["enhanced"].accuracy
    assert 0 < results["chosen"].mean_confidence <= 1


def test_what_is_rejected_counts_as_wrong_and_has_no_confidence(read):
    results = read([(png(7), 7), (b"no image", 3)])["chosen"]
    assert results.right.tolist() == [True, False]
    assert np.isnan(results.confidence).tolist() == [False, True]
    assert (results.accuracy, results.rejected) == (0.5, 1)
    nothing = read([(b"no image", 3)])["chosen"]
    assert (nothing.accuracy, nothing.rejected) == (0, 1)
    assert np.isnan(nothing.mean_confidence)


def test_figures_and_plots_name_every_set_and_pipeline(read):
    readings = [*read([(png(7), 7)]).values(), *read([(png(4), 9)], "forms").values()]
    rows = list(csv.DictReader(io.StringIO(as_csv(readings).decode("utf-8-sig"))))
    named = {(row["images"], row["pipeline"]) for row in rows}
    assert named == {(s, p) for s in ("scans", "forms") for p in ("standard", "enhanced", "chosen")}
    assert [row["accuracy"] for row in rows if row["images"] == "forms"] == ["0"] * 3
    assert "| forms | chosen | 1 | 0.00% |" in to_markdown(readings)
    for plot in (plot_accuracy_and_confidence, plot_confidences):
        picture = cv2.imdecode(np.frombuffer(plot(readings), np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape[0] > 200
