"""The page of batches, in every state a store can be in."""

import base64

import cv2
import numpy as np
import pytest

from mnist.images import Decoded, decode
from tests.factories import png
from tests.sheets import layout, png_of, strip

BLANK = np.full_like(strip("0000"), 255)
FIELDS = {
    "number": {"box": [0, 0, 0.5, 1], "digits": 4},
    "second": {"box": [0.5, 0, 1, 1], "digits": 4},
}

pytestmark = pytest.mark.usefixtures("environment")


def names(page):
    return [tile["name"] for tile in page.tiles]


@pytest.fixture
def scored(scorer):
    """A batch of 20 digits and 3 rejects with its receipt."""
    scorer.drop("scans", 20)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    return scorer


def test_an_empty_inbox_says_how_to_fill_it(batches, settings):
    page = batches.open()
    assert "The inbox is empty" in page.words
    assert f"s3://{settings.inbox_bucket}/" in page.words


def test_a_scored_batch_shows_its_sums_reasons_and_images(batches, scored):
    page = batches.open(batch="scans")
    assert page.numbers == {
        "Listed": "23",
        "Scored": "20",
        "Accepted": "20",
        "For review": "0",
        "Rejected": "3",
    }
    assert "23 listed = 20 scored + 3 rejected" in page.words
    for reason in ("empty", "not-an-image", "truncated"):
        assert f"`{reason}`" in page.words
    assert len(page.tiles) == 23
    scored_tiles = [tile for tile in page.tiles if tile["decision"] == "accepted"]
    assert all(tile["digit"] == tile["name"][-5] for tile in scored_tiles)


def test_places_show_their_values_and_empty_ones_are_counted(batches, scorer):
    scorer.bucket.put("scans/_LAYOUT.json", layout(fields=FIELDS))
    scorer.bucket.put("scans/form.png", png_of(np.hstack([strip("0148"), BLANK])))
    scorer.score("scans")
    page = batches.open(batch="scans")
    assert (page.numbers["Listed"], page.numbers["Scored"], page.numbers["Empty"]) == (
        "2",
        "1",
        "1",
    )
    assert "2 listed = 1 scored + 0 rejected + 1 empty" in page.words
    digits = {tile["name"]: (tile["digit"], tile["png"] is not None) for tile in page.tiles}
    assert digits == {"form.png!number": ("0148", True), "form.png!second": (None, True)}
    (empty,) = (tile for tile in page.tiles if tile["decision"] == "empty")
    assert empty["title"].endswith("empty: nothing is written there")


def test_the_picture_of_a_tile_is_the_image_as_it_came(batches, scored):
    tile = next(t for t in batches.open(batch="scans").tiles if t["name"] == "0007-7.png")
    picture = cv2.imdecode(
        np.frombuffer(base64.b64decode(tile["png"]), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    decoded = decode(png(7, mark=7))
    assert isinstance(decoded, Decoded)
    assert (picture == decoded.pixels).all()


def test_rejected_files_have_a_reason_instead_of_a_picture(batches, scored):
    tile = batches.open(batch="scans", outcome="rejected").tiles[0]
    assert (tile["png"], tile["digit"], tile["remarks"]) == (None, None, "empty")
    assert "The file has no bytes" in tile["title"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"digit": "7"}, ["0007-7.png", "0017-7.png"]),
        ({"reason": "truncated"}, ["half.png"]),
        ({"name": "TEXT"}, ["text.png"]),
        ({"outcome": "rejected", "order": "by name"}, ["empty.png", "half.png", "text.png"]),
    ],
)
def test_an_address_opens_the_filtered_view(batches, scored, query, expected):
    assert names(batches.open(batch="scans", **query)) == expected


def test_filters_that_fit_nothing_say_so(batches, scored):
    page = batches.open(batch="scans", name="no such name")
    assert "No image of this batch fits the filters" in page.words
    assert page.tiles == []


def test_many_images_come_in_pages_and_a_filter_goes_back_to_the_first(batches, scorer):
    scorer.drop("many", 120)
    scorer.score("many")
    page = batches.open(batch="many", order="by name", page="3")
    assert names(page) == [f"{i:04d}-{i % 10}.png" for i in range(96, 120)]
    page.app.text_input(key="name").set_value("-4").run()
    assert names(page.checked())[0] == "0004-4.png"
    assert page.app.session_state["page"] == 1


def test_rows_can_be_read_as_a_table(batches, scored):
    page = batches.open(batch="scans", show="as table", outcome="rejected")
    table = page.app.dataframe[1].value
    assert set(table["remarks"]) == {"empty", "not-an-image", "truncated"}
    assert page.tiles == []


def test_the_newest_batch_is_shown_first(batches, scored):
    scored.drop("newer", 1)
    scored.score("newer")
    page = batches.open()
    assert page.app.dataframe[0].value["batch"].tolist() == ["newer", "scans"]
    assert names(page) == ["0000-0.png"]
    assert page.app.query_params["batch"] == "newer"


def test_choosing_another_batch_opens_it_and_changes_the_address(batches, scored):
    scored.drop("newer", 1)
    scored.score("newer")
    page = batches.open()
    page.app.selectbox(key="chosen-batch").set_value("scans").run()
    assert len(page.checked().tiles) == 23
    assert page.app.query_params["batch"] == "scans"


def test_an_unknown_batch_is_named_and_another_one_shown(batches, scored):
    page = batches.open(batch="nope")
    assert "There is no batch `nope`" in page.words
    assert len(page.tiles) == 23


def test_a_batch_nobody_has_touched_is_waiting(batches, scorer):
    scorer.drop("fresh", 1)
    page = batches.open()
    assert "Nothing is recorded yet" in page.words
    assert page.app.dataframe[0].value["status"].tolist() == ["waiting"]


def test_a_folder_without_images_is_empty(batches, scorer):
    scorer.bucket.put("hollow/_READY", b"")
    assert "holds no image" in batches.open().words


def test_a_batch_in_progress_shows_the_rows_so_far(batches, scorer):
    scorer.drop("scans", 15)
    scorer.score_first_chunk("scans")
    page = batches.open()
    assert "there is no receipt for them yet" in page.words
    assert len(page.tiles) == 10


def test_a_late_arrival_is_progress_too(batches, scored):
    scored.bucket.put("scans/late.png", png(1))
    scored.score_first_chunk("scans")
    page = batches.open(batch="scans")
    assert "there is no receipt for them yet" in page.words
    assert "23 listed" in page.words


def test_a_batch_of_rejects_has_failed_and_says_why(batches, scorer):
    scorer.drop_rejects("bad")
    scorer.score("bad")
    page = batches.open()
    assert "All 3 images were rejected." in page.words
    assert "mend the source and put the images there again" in page.words
    assert page.app.dataframe[0].value["status"].tolist() == ["failed"]


def test_an_image_that_was_overwritten_is_not_passed_off_as_the_scored_one(batches, scored):
    scored.bucket.put("scans/0007-7.png", png(1))
    tile = next(t for t in batches.open(batch="scans").tiles if t["name"] == "0007-7.png")
    assert (tile["png"], tile["note"], tile["digit"]) == (None, "overwritten since", "7")


def test_names_from_outside_stay_names(batches, scorer):
    odd = "**b** ![i](http:x) <img src=x onerror=alert(1)> `t`"
    scorer.drop(odd, 1)
    scorer.score(odd)
    page = batches.open()
    assert page.app.selectbox(key="chosen-batch").value == odd
    assert len(page.tiles) == 1
    assert not any("![i]" in element.value for element in page.app.markdown)


def test_something_odd_among_the_receipts_does_not_hide_the_batches(
    batches, scored, results_bucket
):
    results_bucket.create("receipts/scans/odd.json", b"{}")
    page = batches.open()
    assert "`receipts/scans/odd.json` lies among the receipts and is none" in page.words
    assert len(page.tiles) == 23


def test_a_damaged_part_is_named_as_such(batches, scored, results_bucket):
    results_bucket.create("scores/scans/zz.parquet", b"PAR1")
    assert "cannot be read (" in batches.open().words


def test_a_store_that_is_down_is_one_sentence(batches, dashboard):
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    page = batches.open()
    assert "check AWS_ENDPOINT_URL and that the store is up" in page.words


def test_wrong_credentials_are_one_sentence(batches, dashboard):
    dashboard(AWS_SECRET_ACCESS_KEY="wrong")
    page = batches.open()
    assert "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in page.words


def test_a_bucket_that_is_not_there_is_one_sentence(batches, dashboard):
    dashboard(MNIST_INBOX_BUCKET="no-such-bucket")
    assert "Bucket 'no-such-bucket' does not exist" in batches.open().words


def test_tiles_of_two_folders_with_files_of_one_name_look_different(batches, scorer):
    for form in ("form-a", "form-b"):
        scorer.bucket.put(f"scans/{form}/231.png", png(2, mark=len(form)))
    scorer.score("scans")
    page = batches.open(batch="scans", order="by name")
    assert names(page) == ["form-a/231.png", "form-b/231.png"]
