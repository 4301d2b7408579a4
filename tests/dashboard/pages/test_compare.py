"""The page Compare: two versions on the same images, the comparison of models, training curves."""

import json

import pytest
from scipy.stats import binomtest

from mnist.keys import ObjectVersion
from tests.dashboard.inspected import MISTAKES, files, rows_of, tags
from tests.reviewing import review_of

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

FOURS, SEVENS, ZEROS = rows_of(4, 3), rows_of(7, 2), rows_of(0, 1)


@pytest.fixture
def two(champion, tmp_path):
    """A champion, version 3, and version 2, which misread other images: three are fixed."""
    earlier = dict.fromkeys(SEVENS, 1) | dict.fromkeys(ZEROS, 6)
    champion.register("2", files(earlier), **tags(tmp_path, "run-of-version-2"))
    return champion


def names(page):
    return sorted(tile["name"] for tile in page.tiles)


def images(rows):
    return sorted(f"test image {row}" for row in rows)


def test_before_there_are_two_versions_it_says_so(compare, champion):
    page = compare.open()
    assert "There is one version so far" in page.words
    assert "No comparison of models has been finished yet" in page.words


def test_before_the_first_training_it_says_what_to_do(compare):
    assert "No model has been trained yet" in compare.open().words


def test_the_champion_is_compared_with_the_version_before(compare, two):
    page = compare.open()
    assert (page.app.query_params["first"], page.app.query_params["second"]) == ("2", "3")
    assert page.numbers == {"Fixed": "1", "Broken": "3", "Still wrong": "2"}
    assert names(page) == images(ZEROS)
    expected = binomtest(1, 4).pvalue
    assert f"exact McNemar test, p = {expected:.3g}" in page.words
    assert "The difference may be chance" in page.words


@pytest.mark.parametrize(
    ("fate", "rows"), [("fixed", ZEROS), ("broken", FOURS), ("still wrong", SEVENS)]
)
def test_an_address_opens_the_images_of_one_kind(compare, two, fate, rows):
    page = compare.open(first="2", second="3", fate=fate)
    assert names(page) == images(rows)


def test_both_confusion_matrices_stand_side_by_side_in_one_scale(compare, two):
    page = compare.open()
    contents = [json.loads(c.proto.json) for c in page.app.get("bidi_component")]
    matrices = [data for data in contents if "rows" in data]
    first, second = (data["rows"] for data in matrices)
    assert [data["label"].split(":")[0] for data in matrices] == [
        "Confusion matrix of version 2",
        "Confusion matrix of version 3",
    ]
    assert (first[4][9]["text"], second[4][9]["text"]) == ("", "3")
    assert (first[0][6]["text"], second[0][6]["text"]) == ("1", "")
    # Two images are as dark in one matrix as in the other.
    assert first[7][1]["heat"] == second[7][1]["heat"] == 0.667


def test_the_other_way_round_fixed_is_broken(compare, two):
    page = compare.open(first="3", second="2")
    assert page.numbers == {"Fixed": "3", "Broken": "1", "Still wrong": "2"}
    assert page.tiles[0]["remarks"] == "before: 9"


def test_many_fixed_images_are_more_than_chance(compare, champion, tmp_path):
    worse = {row: 8 for digit in (1, 2, 3) for row in rows_of(digit, 10)} | MISTAKES
    champion.register("2", files(worse), **tags(tmp_path, "run-of-version-2"))
    assert "**Version 3 predicts better**, more surely than by chance" in compare.open().words


def test_a_version_is_not_compared_with_itself(compare, two):
    assert "Choose two different versions" in compare.open(first="3", second="3").words


def test_versions_measured_on_other_images_are_not_compared(compare, two, monkeypatch):
    from tests.dashboard import inspected

    other = inspected.digits().train
    monkeypatch.setattr(inspected, "digits", lambda: type("Other", (), {"test": other}))
    two.files_of["run-of-version-2"] = inspected.files({})
    assert "measured on different test images" in compare.open().words


def test_training_curves_of_both_are_drawn_or_missed(compare, two):
    assert len(compare.open().app.get("vega_lite_chart")) == 4  # two are of the threshold
    for kept in (two.files, two.files_of["run-of-version-2"]):
        del kept["history.json"]
    assert "kept no history" in compare.open().words


@pytest.mark.parametrize("content", [b"{", b"[1]", b"[{}]", b"5"])
def test_a_damaged_history_is_one_sentence(compare, two, content):
    two.files["history.json"] = content
    assert "history.json of version 3 cannot be read" in compare.open().words


def test_the_comparison_of_models_is_drawn_in_the_colours_of_the_page(compare, champion):
    head = b"model,complexity,accuracy,training_seconds\n"
    champion.compare({"comparison.csv": head + b"simple-cnn,medium,.99,9\nknn,low,.97,1\n"})
    page = compare.open()
    assert page.app.dataframe[0].value["model"].tolist() == ["simple-cnn", "knn"]
    assert len(page.app.get("vega_lite_chart")) == 4
    assert not page.app.get("image")  # pictures stay white where the page is dark


def test_a_comparison_of_another_form_is_one_sentence(compare, champion):
    champion.compare({"comparison.csv": b"model,accuracy\nknn,0.97\n"})
    assert "'training_seconds'] not in index" in compare.open().words


def test_the_champion_is_compared_with_a_newer_version_that_was_refused(
    compare, champion, tmp_path
):
    champion.register("4", files(dict.fromkeys(ZEROS, 6)), **tags(tmp_path, "run-of-version-4"))
    page = compare.open()
    assert (page.app.query_params["first"], page.app.query_params["second"]) == ("3", "4")
    assert names(page) == images([*FOURS, *SEVENS])


def test_a_comparison_without_its_files_is_one_sentence(compare, champion):
    champion.compare({})
    assert "comparison.csv of compare-models-seed-0 cannot be read" in compare.open().words


def test_a_registry_that_is_down_is_said(compare, dashboard):
    dashboard(MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert "check MLFLOW_TRACKING_URI" in compare.open().words


def thresholds_of(page):
    (table,) = [table.value for table in page.app.dataframe if "rate" in table.value]
    return table.set_index("images")


def test_a_threshold_shows_what_it_accepts_on_each_source(compare, two, review_log, scorer):
    scorer.drop("scans", 1)
    scorer.score("scans")
    (row,) = scorer.results.rows("scans").to_pylist()
    version = ObjectVersion(row["key"], row["etag"], row["bytes"])
    content = scorer.bucket.fetch(row["key"])
    audit = {"audit": True, "read_as": 0, "model_version": "1", "confidence": 0.99}
    for name in ("ada", "bob"):
        entry = review_of(version, content, name, "7").model_copy(update=audit)
        review_log.append(entry)
    low = thresholds_of(compare.open(threshold="0.49881"))
    assert low["accepted"].tolist()[:2] == [359, 359]
    assert low["wrong"].tolist()[:2] == [3, 5]
    assert low.loc["scans/", ["accepted", "wrong"]].tolist() == [1, 1]
    compare.app.select_slider(key="threshold").set_value("0.87411").run()
    assert thresholds_of(compare.checked())["accepted"].iloc[0] < 359


def test_the_digits_that_changed_most_come_first(compare, two):
    (table,) = [t.value for t in compare.open().app.dataframe if "wrong before" in t.value]
    assert table["digit"].iloc[0] == 4
    assert table[["fixed", "broken"]].iloc[0].tolist() == [0, 3]
