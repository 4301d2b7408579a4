"""The confusion matrix as data and as a picture."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.pages.champion.charts import confusion_cells, confusion_chart, worst_confusions
from tests.dashboard.fake_servers import evaluation


def test_cells_keep_rows_true_and_columns_predicted():
    confusion = np.arange(100).reshape(10, 10).tolist()
    cells = confusion_cells(confusion).set_index(["true", "predicted"])
    assert cells.loc[(4, 9), "images"] == confusion[4][9]
    assert cells.loc[(4, 9), "share"] == pytest.approx(confusion[4][9] / sum(confusion[4]))
    assert cells.loc[(4, 4), "right"]
    assert cells.loc[(9, 8), "heat"] == 1.0
    assert cells.loc[(9, 9), "heat"] == 0.0


def test_a_digit_without_images_has_no_shares():
    assert (confusion_cells([[0, 0], [0, 3]])["share"] == [0, 0, 0, 1]).all()


def test_mistakes_are_named_most_frequent_first():
    confusion = np.diag([50] * 10)
    confusion[4, 9], confusion[7, 1], confusion[3, 5], confusion[2, 0] = 2, 9, 1, 4
    measured = replace(evaluation(), confusion=tuple(map(tuple, confusion.tolist())))
    mistakes = "7 predicted as 1 (9), 2 predicted as 0 (4), 4 predicted as 9 (2)"
    assert worst_confusions(measured) == f"Most frequent mistakes: {mistakes}."
    assert worst_confusions(evaluation(wrong=2)) == "Most frequent mistakes: 0 predicted as 6 (2)."
    assert worst_confusions(evaluation(wrong=0)) == "No test image was misclassified."


@pytest.mark.parametrize("wrong", [0, 2])
def test_the_chart_draws_every_cell_that_has_images(wrong):
    spec = confusion_chart(evaluation(wrong=wrong)).to_dict()
    (values,) = spec["datasets"].values()
    drawn = {(cell["true"], cell["predicted"]) for cell in values}
    assert drawn == {(digit, digit) for digit in range(10)} | ({(0, 6)} if wrong else set())
    encoding = spec["layer"][0]["encoding"]
    assert (encoding["y"]["field"], encoding["x"]["field"]) == ("true", "predicted")
