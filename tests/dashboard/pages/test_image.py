"""The page of one image: a test image, an object of a batch, and addresses that are none."""

import cv2
import numpy as np
import pytest

from dashboard.components.pictures import with_boxes
from mnist import services
from tests.dashboard.inspected import files, graph, rows_of, tags
from tests.factories import png
from tests.sheets import layout, png_of, sheet

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")


def file_of(picture):
    return cv2.imencode(".png", picture)[1].tobytes()


def two_digits():
    """Two strokes that stand beside each other, one leaning over the other."""
    paper = np.full((200, 320), 255, np.uint8)
    lines = [[(60, 40), (120, 40), (70, 160)], [(150, 40), (100, 160)]]
    drawn = [np.array(line, np.int32) for line in lines]
    cv2.polylines(paper, drawn, isClosed=False, color=0, thickness=12)
    return file_of(paper)


def object_address(scorer, name):
    """Name a scored object as a click in the gallery does."""
    rows = scorer.results.rows("scans").to_pylist()
    row = next(row for row in rows if row["key"] == f"scans/{name}")
    return {"batch": "scans", "key": row["key"], "etag": row["etag"], "size": str(row["bytes"])}


@pytest.fixture
def scored(scorer):
    scorer.drop("scans", 12)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    return scorer


def test_before_the_first_training_it_says_what_to_do(image):
    assert "No model has been trained yet" in image.open(test="1").words


def test_without_an_image_in_the_address_it_says_how_to_get_here(image, champion):
    assert "The address names no image" in image.open().words


def test_a_test_image_is_shown_with_label_predictions_and_neighbours(image, champion):
    row = rows_of(4, 1)[0]
    page = image.open(test=str(row))
    assert f"`Test image {row}` · labelled **4**" in page.words
    assert "Version 3 predicts a " in page.words
    assert "Pipeline " in page.words
    history = page.app.dataframe[0].value
    assert history["version"].tolist() == ["3"]
    assert history["champion"].tolist() == [True]
    assert len(page.tiles) == 14
    assert f"test image {row}" not in {tile["name"] for tile in page.tiles}
    assert page.tiles[0]["opens"].startswith("version=3&test=")


def test_the_history_holds_every_version(image, champion, tmp_path):
    champion.register("2", files({}) | graph(tmp_path), **tags(tmp_path, "run-of-version-2"))
    champion.register("1", {}, **tags(tmp_path, "run-of-version-1") | {"recipe": "best"})
    page = image.open(test="0")
    assert page.app.dataframe[0].value["version"].tolist() == ["3", "2", "1"]


def test_a_version_whose_graph_is_lost_is_named_and_the_others_stay(image, champion, tmp_path):
    lost = tags(tmp_path, "run-of-version-2") | {"scoring_graph_sha256": "0" * 64}
    champion.register("2", graph(tmp_path), **lost)
    page = image.open(test="0")
    assert "Without a usable scoring graph: version 2." in page.words
    assert page.app.dataframe[0].value["version"].tolist() == ["3"]


@pytest.mark.parametrize("number", ["359", "-1", "x", "1e9"])
def test_a_test_image_that_does_not_exist_is_named(image, champion, number):
    assert "numbered from 0 to 358" in image.open(test=number).words


def test_an_object_of_a_batch_is_shown_with_what_was_recorded(image, champion, scored):
    page = image.open(**object_address(scored, "0007-7.png"))
    assert "scans/0007-7.png" in page.words
    assert "no label yet" in page.words
    assert "Version 3 predicts a 7" in page.words
    assert "Recorded on" in page.app.success[0].value
    assert "by digits 1: 7, confidence" in page.app.success[0].value.replace("\\", "")
    assert len(page.tiles) == 14


def test_a_rejected_object_says_why_and_has_no_prediction(image, champion, scored):
    page = image.open(**object_address(scored, "text.png"))
    box = page.app.error[0].value.replace("\\", "")
    assert "Rejected.** The content is not an image, whatever the name says." in box
    assert "(`not-an-image`)" in box
    assert "What to do: put a better file into the inbox under the same name" in box
    assert "predicts a" not in page.words
    assert page.tiles == []


def test_an_overwritten_object_is_not_passed_off_as_the_scored_one(image, champion, scored):
    address = object_address(scored, "0007-7.png")
    scored.bucket.put("scans/0007-7.png", png(1))
    assert "was overwritten" in image.open(**address).words


def test_the_recorded_detail_of_a_rejection_stands_in_the_box(image, champion, scorer):
    scorer.bucket.put("scans/wide.png", file_of(np.zeros((9_000, 9_000), np.uint8)))
    scorer.score("scans")
    page = image.open(**object_address(scorer, "wide.png"))
    box = page.app.error[0].value.replace("\\", "")
    assert "more bytes or pixels than the limit allows. (`too-large`)" in box
    assert "Recorded detail: The image is 9000x9000 pixels; at most 50,000,000" in box


def test_an_object_that_is_no_longer_there_still_shows_its_row(image, champion, scored):
    address = object_address(scored, "0007-7.png")
    scored.delete("scans/0007-7.png")
    page = image.open(**address)
    assert "by digits 1: 7, confidence" in page.app.success[0].value.replace("\\", "")
    assert "does not exist (any more)" in page.words


def test_what_is_for_review_says_why_in_words(image, champion, scorer):
    scorer.bucket.put("scans/two.png", two_digits())
    scorer.score("scans")
    page = image.open(**object_address(scorer, "two.png"))
    box = page.app.warning[0].value.replace("\\", "")
    assert "Beside the digit there is ink that may be another. (`several-components`)" in box
    assert "say on the page Review which digit it is" in box
    assert "Review this batch" in [button.label for button in page.app.button]


def test_an_image_is_labelled_where_it_is_looked_at(image, champion, scored):
    page = image.by("ada").open(**object_address(scored, "0007-7.png"))
    page.app.button(key="answer-1").click().run()
    assert "Recorded `1` for `scans/0007-7.png`" in page.checked().words
    (entry,) = services.current().reviews.recorded()
    assert (entry.reviewer, entry.answer, entry.read_as) == ("ada", "1", 7)


def test_an_object_that_is_gone_is_not_labelled(image, champion, scored):
    address = object_address(scored, "0007-7.png")
    scored.delete("scans/0007-7.png")
    page = image.by("ada").open(**address)
    assert not [button for button in page.app.button if button.key == "answer-1"]


@pytest.mark.parametrize("size", ["", "x", "99999999"])
def test_an_address_with_an_impossible_size_is_one_sentence(image, champion, scored, size):
    address = object_address(scored, "0007-7.png") | {"size": size}
    words = image.open(**address).words
    assert "expected a number of bytes" in words or "more than the" in words


def test_without_test_images_an_object_is_shown_all_the_same(image, champion, scored, tmp_path):
    champion.promote(
        **tags(tmp_path, "5823f054c7464f36a0fe3ff1289f0633") | {"test_digest": "m" * 64}
    )
    champion.files |= files({}) | graph(tmp_path)
    page = image.open(**object_address(scored, "0007-7.png"))
    assert "Version 3 predicts a 7" in page.words
    assert "set MNIST_DATA_DIR" in page.words


def test_services_that_are_down_are_one_sentence_each(image, champion, scored, dashboard):
    address = object_address(scored, "0007-7.png")
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert "check AWS_ENDPOINT_URL" in image.open(**address).words
    dashboard(MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    assert "check MLFLOW_TRACKING_URI" in image.open(**address).words


@pytest.fixture
def sheet_scored(scorer):
    """A sheet of four cells, one of them empty."""
    scorer.bucket.put("scans/_LAYOUT.json", layout(grid=[2, 3]))
    scorer.bucket.put("scans/sheet.png", png_of(sheet([[1, None, 3], [4, 5, 6]])))
    scorer.score("scans")
    return scorer


def test_a_cell_is_shown_with_its_box_on_the_picture_and_its_value(image, champion, sheet_scored):
    page = image.open(**object_address(sheet_scored, "sheet.png!r02c03"))
    assert "Version 3 predicts a 6" in page.words
    assert page.app.metric[0].value == "6"
    assert "What lies in the place r02c03" in page.words
    assert "The whole picture; the place is framed." in page.words
    assert "what was cut out" in page.words


def test_a_place_of_a_layout_that_does_not_fit_is_drawn_where_it_would_lie(
    image, champion, sheet_scored
):
    sheet_scored.bucket.put("scans/_LAYOUT.json", layout(grid=[9, 7]))
    sheet_scored.score("scans", "run-2")
    page = image.open(**object_address(sheet_scored, "sheet.png!r09c07"))
    assert "The layout does not fit the page" in page.app.error[0].value.replace("\\", "")
    assert "The frames show where its places would lie." in page.words


def test_an_empty_cell_is_said_to_be_empty(image, champion, sheet_scored):
    page = image.open(**object_address(sheet_scored, "sheet.png!r01c02"))
    assert "Empty.** Nothing is written in this place" in page.app.info[0].value
    assert "predicts a" not in page.words


def test_the_frame_lies_where_the_box_is_on_the_reduced_picture():
    framed = with_boxes(np.full((2_800, 1_400), 255, np.uint8), [(400, 800, 1_200, 1_200)])
    assert framed.shape == (700, 350, 3)
    rows, columns = np.nonzero((framed != 255).any(axis=2))
    assert (rows.min() + 1, rows.max() - 1) == (200, 300)
    assert (columns.min() + 1, columns.max() - 1) == (100, 300)
