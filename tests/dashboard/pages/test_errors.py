"""The page Errors: the matrix, the images behind a cell, and every state it can be in."""

import base64

import cv2
import numpy as np
import pytest

from dashboard.access.people import Role
from dashboard.components.labelled_predictions import labelled_predictions
from dashboard.pages.errors.charts import map_chart
from dashboard.pages.errors.queries import per_digit
from mnist.storage.audit import AuditLog
from mnist.storage.gate_slices import GateSlices
from tests.dashboard.inspected import MISTAKES, digits, files, probabilities_of, rows_of
from tests.factories import png
from tests.reviewing import review

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

FOURS = rows_of(4, 3)


def names(page):
    return sorted(tile["name"] for tile in page.tiles)


def images(rows):
    return sorted(f"test image {row}" for row in rows)


def predictions():
    labels = digits().test.labels
    return labelled_predictions(labels, probabilities_of(labels, MISTAKES))


def matrix_of(page):
    return page.component("rows")["rows"]


def test_before_the_first_training_it_says_what_to_do(errors):
    page = errors.open()
    assert "No model has been trained yet" in page.words
    assert "prefect deployment run 'retrain/default'" in page.words
    assert page.tiles == []


def test_it_opens_on_the_champions_mistakes_the_most_surprising_first(errors, champion):
    page = errors.open()
    assert "5 of 359 images are misclassified" in page.words
    assert names(page) == images(MISTAKES)
    assert page.app.query_params["version"] == "3"
    losses = [tile["title"].split("loss ")[1].split()[0] for tile in page.tiles]
    assert losses == sorted(losses, reverse=True)
    tile = page.tiles[0]
    assert (tile["tone"], tile["digit"]) in {("bad", "9"), ("bad", "1")}


def test_rows_are_true_digits_and_columns_predicted_ones(errors, champion):
    cells = matrix_of(errors.open())
    assert cells[4][9]["text"] == "3"
    assert cells[9][4]["text"] == ""
    assert cells[4][9]["alt"].startswith("4 predicted as 9: 3 images, ")
    assert (cells[4][9]["heat"], cells[7][1]["heat"]) == (1.0, 0.667)
    assert cells[4][4]["right"]


def test_cells_can_show_rates_of_the_true_digit(errors, champion):
    fours = int((digits().test.labels == 4).sum())
    cells = matrix_of(errors.open(cells="rates"))
    assert cells[4][9]["text"] == f"{300 / fours:.2f} %"


def test_an_address_opens_exactly_the_images_of_a_cell(errors, champion):
    page = errors.open(true="4", read="9")
    assert names(page) == images(FOURS)
    selected = [cell["name"] for row in matrix_of(page) for cell in row if cell["selected"]]
    assert selected == ["4-9"]


def test_a_right_cell_shows_what_is_right(errors, champion):
    page = errors.open(true="7", read="7", show="all")
    sevens = int((digits().test.labels == 7).sum())
    assert f"{sevens - 2} of 359 images" in page.words
    assert {tile["tone"] for tile in page.tiles} == {"good"}


def test_the_picture_of_a_tile_is_that_test_image(errors, champion):
    tile = errors.open(true="4", read="9").tiles[0]
    row = int(tile["name"].removeprefix("test image "))
    picture = cv2.imdecode(
        np.frombuffer(base64.b64decode(tile["png"]), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    assert (picture == digits().test.images[row]).all()
    assert tile["opens"] == f"version=3&test={row}"


def test_images_are_filtered_by_what_the_model_computed(errors, champion):
    page = errors.open(show="all")
    page.app.slider(key="confidence").set_value((0.0, 0.86)).run()
    few = page.checked().tiles
    assert len(few) > 0
    assert all(float(tile["confidence"].split()[0]) <= 86 for tile in few)
    page.app.slider(key="entropy").set_value((0.0, 0.01)).run()
    assert "No image fits this choice" in page.checked().words


@pytest.mark.parametrize(
    ("order", "first"),
    [("most sure first", 0), ("least sure first", 358), ("closest call first", 358)],
)
def test_all_images_come_in_the_order_asked_for(errors, champion, order, first):
    page = errors.open(show="all", by=order)
    assert page.tiles[0]["name"] == f"test image {first}"
    assert len(page.tiles) == 48


def test_another_choice_goes_back_to_the_first_page(errors, champion):
    page = errors.open(show="all", by="in their order", page="3")
    assert page.tiles[0]["name"] == "test image 96"
    page.app.selectbox(key="true").set_value("0").run()
    assert page.checked().app.session_state["page"] == 1
    assert page.tiles[0]["name"] == images(rows_of(0, 1))[0]


def test_the_most_confused_pairs_stand_first(errors, champion):
    pairs = errors.open().app.dataframe[0].value
    assert pairs[["true", "predicted", "images"]].to_numpy().tolist() == [[4, 9, 3], [7, 1, 2]]


def test_precision_and_recall_of_each_digit_are_listed(errors, champion):
    table = errors.open().app.dataframe[1].value.set_index("digit")
    fours = int((digits().test.labels == 4).sum())
    assert table["recall"][4] == pytest.approx((fours - 3) / fours)
    assert table["precision"][4] == 1


def test_a_model_without_mistakes_is_no_trouble(errors, champion):
    champion.files |= files({})
    page = errors.open()
    assert "Nothing was misclassified." in [element.value for element in page.app.success]
    assert "No image fits this choice" in page.words


def test_another_version_is_chosen_by_its_address(errors, champion):
    tags = {"test_digest": digits().test.digest, "recipe": "best"}
    champion.register("2", files(dict.fromkeys(rows_of(0, 1), 6)), **tags)
    page = errors.open(version="2")
    assert names(page) == images(rows_of(0, 1))
    assert "There is no version `99`" in errors.open(version="99").words


def test_without_its_test_images_there_are_numbers_and_no_pictures(errors, champion):
    champion.promote(dataset="mnist", test_digest="m" * 64)
    champion.files |= files(MISTAKES)
    page = errors.open()
    assert "there are numbers and no pictures; set MNIST_DATA_DIR" in page.words
    assert {tile["note"] for tile in page.tiles} == {"MNIST is not here"}
    assert names(page) == images(MISTAKES)


def test_a_data_folder_that_is_not_there_is_named(errors, champion, dashboard):
    dashboard(MNIST_DATA_DIR="/no/such/folder")
    page = errors.open()
    assert "Cannot read /no/such/folder" in page.words
    assert names(page) == images(MISTAKES)


def test_a_run_without_predictions_says_so(errors, champion):
    del champion.files["test-predictions.parquet"]
    assert "kept no test-predictions.parquet" in errors.open().words


def test_damaged_predictions_are_one_sentence(errors, champion):
    champion.files["test-predictions.parquet"] = b"PAR1"
    assert "test-predictions.parquet of version 3 cannot be read" in errors.open().words


def test_a_registry_that_is_down_is_one_sentence(errors, dashboard):
    dashboard(MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert "check MLFLOW_TRACKING_URI and that the server is up" in errors.open().words


def test_a_store_that_is_down_is_one_sentence(errors, champion, dashboard):
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert "check AWS_ENDPOINT_URL and that the store is up" in errors.open().words


def test_a_batch_shows_the_images_that_people_have_labelled(errors, champion, scorer, review_log):
    scorer.drop("scans", 12)
    scorer.score("scans")
    for row in scorer.results.rows("scans").slice(0, 4).to_pylist():
        answer = "3" if row["key"].endswith("0000-0.png") else str(row["digit"])
        version = {"key": row["key"], "etag": row["etag"], "size": row["bytes"]}
        review_log.append(review("", "ada", answer, sha256=row["sha256"], **version))
    page = errors.open(of="scans")
    assert "1 of 4 images are misclassified" in page.words
    assert names(page) == ["0000-0.png"]
    (tile,) = page.tiles
    assert (tile["digit"], tile["decision"]) == ("0", "label 3")
    assert tile["opens"].startswith("batch=scans&key=scans%2F0000-0.png")
    # The champion is version 3, and version 1 scored the batch.
    assert "by version `1` (4)" in page.words
    assert "Model version" not in [box.label for box in page.app.selectbox]


def label_all(scorer, review_log, batch, count, wrong, mark=0):
    """Score a batch and let somebody label it; the model is wrong about the first ones."""
    for number in range(count):
        scorer.bucket.put(f"{batch}/{number:04d}.png", png(number % 10, mark + number))
    scorer.score(batch)
    for number, row in enumerate(scorer.results.rows(batch).to_pylist()):
        answer = str((row["digit"] + (number < wrong)) % 10)
        place = {"key": row["key"], "etag": row["etag"], "size": row["bytes"]}
        review_log.append(review("", "ada", answer, sha256=row["sha256"], **place))


def test_slices_are_found_among_all_labelled_images_of_production(
    errors, champion, scorer, review_log
):
    label_all(scorer, review_log, "scans", 40, wrong=0)
    label_all(scorer, review_log, "till", 41, wrong=20, mark=100)
    page = errors.open(of="every labelled batch", look="slices", slice="source till/")
    table = page.app.dataframe[2].value.set_index("slice")
    assert table.loc["source till/", "weak"]
    assert not table.loc["source scans/", "weak"]
    assert all(tile["opens"].startswith("batch=till&") for tile in page.tiles)
    assert "as a labelled set" in page.words
    assert not page.app.number_input


def test_too_few_labelled_images_are_no_slice(errors, champion, scorer, review_log):
    label_all(scorer, review_log, "scans", 12, wrong=3)
    page = errors.open(of="scans", look="slices")
    assert "fewer than 30 images cannot be told from chance" in page.words


def test_a_batch_nobody_has_labelled_is_named(errors, champion):
    page = errors.open(of="nope")
    assert "Nobody has labelled images of a batch `nope`" in page.words
    assert names(page) == images(MISTAKES)


def test_suspected_label_errors_are_ranked(errors, champion):
    page = errors.open(look="suspected label errors")
    assert "5 labels contradicted" in page.words
    assert names(page) == images(MISTAKES)
    for tile in page.tiles:
        assert tile["remarks"].startswith("self-confidence ")
    margins = [
        float(tile["confidence"].split()[0]) - float(tile["remarks"].split()[1])
        for tile in page.tiles
    ]
    assert margins == sorted(margins, reverse=True)


def test_slices_are_tested_and_one_of_them_shows_its_mistakes(errors, champion):
    page = errors.open(look="slices", slice="digit 4")
    table = page.app.dataframe[2].value.set_index("slice")
    assert table.loc["digit 4", ["images", "misclassified"]].tolist() == [
        int((digits().test.labels == 4).sum()),
        3,
    ]
    assert names(page) == images(FOURS)


def test_a_viewer_cannot_make_a_slice_a_gate(errors, champion):
    page = errors.by("eve", Role.VIEWER).open(look="slices")
    assert "An editor can make a slice a permanent gate" in page.words
    assert not page.app.number_input


def test_a_slice_becomes_a_gate_with_name_and_reason(errors, champion, results_bucket):
    page = errors.by("ada").open(look="slices", slice="digit 4")
    form = page.app
    form.number_input[0].set_value(93.5)
    form.button[0].click().run()
    assert "No reason is given" in page.checked().words
    assert GateSlices(results_bucket).entries() == []
    form.number_input[0].set_value(93.5)
    form.text_input[0].set_value("forms of the bank")
    form.button[0].click().run()
    (entry,) = GateSlices(results_bucket).entries()
    assert (entry.who, entry.name, entry.floor) == ("ada", "digit 4", 0.935)
    assert entry.dataset == "sklearn-digits"
    (line,) = AuditLog(results_bucket).last(5)
    assert (line.who, line.subject, line.why) == ("ada", "slice digit 4", "forms of the bank")
    assert "a candidate below 93.5 % on it is refused" in page.checked().words


@pytest.mark.slow
def test_the_map_is_made_when_somebody_asks_and_then_kept(errors, champion, results_bucket):
    page = errors.by("ada").open(look="map")
    assert "Nobody has made this version's map yet" in page.words
    page.app.button[0].click().run()
    assert not page.app.button
    assert "359 test images: every misclassified one" in page.checked().words
    assert names(page) == images(MISTAKES)
    stored = [version.key for page in results_bucket.versions("maps/") for version in page]
    assert len(stored) == 1
    assert "Nobody has made" not in errors.open(look="map").words


def test_a_viewer_makes_no_map(errors, champion, results_bucket):
    page = errors.by("eve", Role.VIEWER).open(look="map")
    assert "It is made once by an editor" in page.words
    assert not page.app.button


def test_the_wheel_does_not_resize_the_box_on_the_map():
    places = predictions().frame.assign(x=0.0, y=0.0)
    (box,) = map_chart(places).to_dict()["params"]
    assert box["select"] == {"type": "interval", "zoom": False}


def test_shares_of_no_images_are_not_zero():
    images = predictions()
    table = per_digit(
        labelled_predictions(images.labels[:1], images.probabilities[:1]).evaluation
    ).set_index("digit")
    (label,) = images.labels[:1]
    others = table.drop(index=label)
    assert others[["precision", "recall", "F1"]].isna().all(axis=None)
    assert table.loc[label, ["precision", "recall", "F1"]].tolist() == [1, 1, 1]


@pytest.mark.parametrize("look", ["map", "slices"])
def test_what_needs_pictures_says_so_without_them(errors, champion, look):
    champion.promote(dataset="mnist", test_digest="m" * 64)
    champion.files |= files(MISTAKES)
    page = errors.open(look=look)
    assert "set MNIST_DATA_DIR" in page.words
