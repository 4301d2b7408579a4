"""The page Champion: its numbers, its matrix, and what is missing of it."""

import pytest
from scipy.stats import binomtest

pytestmark = pytest.mark.usefixtures("environment")


def test_the_champion_is_shown_with_its_numbers_and_its_matrix(champion_page, servers):
    servers.promote()
    page = champion_page.open()
    assert "`digits` version `3` · recipe `demo` · trained on `mnist`" in page.words
    assert page.numbers["Test accuracy"] == "99.00 %"
    exact = binomtest(198, 200).proportion_ci(method="exact")
    interval = f"{exact.low:.2%} to {exact.high:.2%}".replace("%", " %")
    assert f"{interval}: 2 of 200 images misclassified" in page.words
    assert "Most frequent mistakes: 0 predicted as 6 (2)." in page.words
    assert len(page.app.get("vega_lite_chart")) == 1
    assert not page.app.warning
    assert not page.app.error


def test_without_a_champion_it_says_what_to_do(champion_page):
    assert "prefect deployment run 'retrain/default'" in champion_page.open().words


def test_a_champion_without_evaluation_is_still_named(champion_page, servers):
    servers.promote()
    servers.files = {}
    page = champion_page.open()
    assert "kept no evaluation.json" in page.words
    assert "`digits` version `3`" in page.words
