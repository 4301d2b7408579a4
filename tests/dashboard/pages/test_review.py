"""The page of reviews: what it asks, what it records, and for whom it does nothing."""

import pyarrow as pa
import pytest
import streamlit as st

from dashboard.access.people import Role
from dashboard.components import cached
from dashboard.components.selection import ChosenImages, tickets_at, tickets_of
from mnist import services
from mnist.reviews.review import new_id, standing
from mnist.storage.rescores import Rescores
from mnist.tables import ROWS
from tests.dashboard.scored import Scorer
from tests.factories import StrictModel
from tests.sheets import layout, png_of, strip

pytestmark = pytest.mark.usefixtures("environment")


def recorded():
    return list(services.current().reviews.recorded())


def press(page, key):
    page.app.button(key=f"answer-{key}").click().run()
    return page.checked()


def test_without_batches_there_is_nothing_to_look_at(review):
    page = review.by().open()
    assert "No batch has been scored yet" in page.words
    assert page.app.button(key="answer-4").disabled


def test_an_answer_becomes_an_object_with_the_reviewers_name(review, scorer):
    scorer.drop("scans", 3)
    scorer.score("scans")
    page = review.by("ada").open()
    assert page.numbers["Waiting for you"] == "3"
    predicted = page.numbers["Predicted digit"]
    press(page, "4")
    (entry,) = recorded()
    assert (entry.reviewer, entry.answer, entry.read_as) == ("ada", "4", int(predicted))
    assert entry.key.startswith("scans/")
    assert entry.model_version == "1"
    assert page.numbers["Waiting for you"] == "2"
    assert page.numbers["Your answers"] == "1"
    assert "Recorded `4`" in page.words


def test_undo_takes_the_answer_back_and_asks_again(review, scorer):
    scorer.drop("scans", 3)
    scorer.score("scans")
    page = review.by("ada").open()
    press(page, "x")
    first = recorded()[0]
    press(page, "u")
    press(page, "z")
    press(page, "z")
    assert standing(recorded()) == []
    assert len(recorded()) == 4
    assert f"`{first.key}`" in page.words.split("Taken back")[0]
    press(page, "z")
    assert "nothing to take back" in page.words
    press(page, "7")
    assert [(r.sha256, r.answer) for r in standing(recorded())] == [(first.sha256, "7")]


def test_what_is_not_a_digit_waits_in_a_queue_of_its_own(review, settings, tmp_path):
    scorer = Scorer(settings, tmp_path, StrictModel)
    scorer.drop("scans", 20)
    scorer.score("scans")
    page = review.by("ada").open()
    assert page.numbers["Waiting for you"] == "16"
    page.app.segmented_control(key="queue").set_value("not-a-digit").run()
    assert page.numbers["Waiting for you"] == "4"
    assert "it is not one digit; if it is one, most likely a" in page.words
    press(page, "x")
    (entry,) = recorded()
    assert entry.read_as in {8, 9}
    assert page.numbers["Waiting for you"] == "3"


def test_two_people_make_a_label_and_disagreement_asks_a_third(review, scorer):
    scorer.drop("scans", 1)
    scorer.score("scans")
    press(review.by("ada").open(), "4")
    page = review.by("bob").open()
    assert "Somebody contradicts the model: a second look is needed." in page.words
    assert page.numbers["Second look"] == "1"
    press(page, "9")
    assert page.numbers["Third look"] == "1"
    page = press(review.by("cyd").open(), "9")
    assert page.numbers["Agreed"] == "1"
    pairs = page.app.dataframe[1].value
    assert pairs["reviewers"].tolist() == ["ada and bob", "ada and cyd", "bob and cyd"]
    assert pairs["agreed"].tolist() == [0, 0, 1]


def test_a_viewer_is_offered_no_button_and_sees_the_rest(review, scorer):
    scorer.drop("scans", 2)
    scorer.score("scans")
    page = review.by("eve", Role.VIEWER).open()
    assert not page.app.button
    assert "You are a viewer." in page.words
    assert page.numbers["Waiting for you"] == "2"


def test_a_button_pressed_without_the_role_records_nothing(review, scorer):
    scorer.drop("scans", 1)
    scorer.score("scans")
    page = review.by("eve").open()
    review.by("eve", Role.VIEWER)  # the role was taken away while the page was open
    press(page, "4")
    assert recorded() == []


def test_a_picture_that_was_deleted_is_not_asked_about(review, scorer):
    scorer.drop("scans", 2)
    scorer.score("scans")
    page = review.by("ada").open()
    first = next(key for key in ("scans/0000-0.png", "scans/0001-1.png") if key in page.words)
    scorer.delete(first)
    st.cache_resource.clear()
    page.open()
    assert first not in page.words
    press(page, "4")
    (entry,) = recorded()
    assert entry.key != first
    assert page.app.button(key="answer-4").disabled
    assert "Nothing waits for a look here." in page.app.success[0].value


def test_a_store_that_is_down_is_one_sentence(review, dashboard):
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    page = review.by().open()
    assert "check AWS_ENDPOINT_URL and that the store is up" in page.words


def test_what_is_no_review_is_named(review, scorer, labels_bucket):
    scorer.drop("scans", 1)
    scorer.score("scans")
    labels_bucket.put("reviews/2026-11-20/notes.json", b"{}")
    assert "`reviews/2026-11-20/notes.json` lies among the reviews" in review.by().open().words


def test_the_address_names_the_batch(review, scorer):
    for batch in ("old", "new"):
        scorer.drop(batch, 2)
        scorer.score(batch)
    page = review.by().open(batch="old")
    assert page.app.selectbox[0].value == "old"
    assert "`old/" in page.words
    page = review.by().open(batch="none")
    assert page.app.query_params["batch"] in ("old", ["old"])
    page = review.by().open(batch="new")
    assert page.app.selectbox[0].value == "new"


def test_what_another_version_predicts_otherwise_is_asked_first(review, scorer, results_bucket):
    scorer.drop("scans", 5)
    scorer.score("scans")
    rows = scorer.results.rows("scans").to_pylist()
    row = next(row for row in rows if row["key"] == "scans/0003-3.png")
    row |= {f"p{digit}": float(digit == 8) for digit in range(10)} | {"digit": 8}
    again = pa.Table.from_pylist([row], schema=ROWS)
    Rescores(results_bucket).write_part("from=1/to=2/images=x", "scans", "chunk", again)
    page = review.by().open()
    assert "scans/0003-3.png" in page.words
    assert "Another version predicts another digit" in page.words


def test_an_audit_is_blind_and_on_record_as_one(review, scorer, dashboard):
    dashboard(MNIST_AUDIT_SHARE="1")
    scorer.drop("scans", 3)
    scorer.score("scans")
    page = review.by("ada").open()
    assert "An audit: a random share of all predictions" in page.words
    assert "Predicted digit" not in page.numbers
    press(page, "4")
    (entry,) = recorded()
    assert entry.audit
    assert entry.read_as is not None
    assert 0 < entry.confidence <= 1
    page = review.by("bob").open()
    assert "An audit" in page.words
    assert "second look" not in page.words.split("Waiting for you")[0]
    assert "Predicted digit" not in page.numbers


def test_an_image_stays_drawn_for_an_audit_although_people_have_labelled_it(
    review, scorer, dashboard
):
    dashboard(MNIST_AUDIT_SHARE="1")
    scorer.drop("scans", 1)
    scorer.score("scans")
    page = review.by("ada").open()
    press(page, "4")
    (blind,) = recorded()
    log = services.current().reviews
    log.append(blind.withdrawal())
    for who in ("eve", "fay"):  # who saw it elsewhere, with the model's digit beside it
        elsewhere = {"id": new_id(blind.at), "reviewer": who, "audit": False}
        log.append(blind.model_copy(update=elsewhere))
    page = review.by("bob").open()
    assert "An audit: a random share of all predictions" in page.words
    assert progress(page) == "1 for review (with 1 drawn for the audit), 0 done"
    page = review.by("eve").open()
    assert "An audit" not in page.words


def progress(page):
    (bar,) = page.app.get("progress")
    return bar.proto.text.replace("\\", "")


def test_an_audit_of_a_value_shows_neither_value_nor_reason_and_begins_empty(
    review, scorer, dashboard
):
    dashboard(MNIST_AUDIT_SHARE="1")
    scorer.bucket.put("scans/_LAYOUT.json", layout(digits=4))
    scorer.bucket.put("scans/strip.png", png_of(strip("0148")))
    scorer.score("scans")
    page = review.by("ada").open()
    assert "An audit: a random share of all predictions" in page.words
    assert "Predicted value" not in page.numbers
    assert "0148" not in page.words
    (field,) = page.app.text_input
    assert field.value == ""
    field.set_value("0148")
    press(page, "value")
    (entry,) = recorded()
    assert (entry.audit, entry.value, entry.read_value) == (True, "0148", "0148")
    assert 0 < entry.confidence <= 1
    assert progress(page) == "1 for review (with 1 drawn for the audit), 1 done"
    page = review.by("bob").open()
    (field,) = page.app.text_input
    assert field.value == ""
    assert "Predicted value" not in page.numbers


def test_values_whose_check_failed_are_not_audited_but_asked_about(review, scorer, dashboard):
    dashboard(MNIST_AUDIT_SHARE="1")
    scorer.bucket.put("scans/_LAYOUT.json", layout(digits=4, check={"list": ["0149"]}))
    scorer.bucket.put("scans/strip.png", png_of(strip("0148")))
    scorer.score("scans")
    page = review.by("ada").open()
    assert page.numbers["Predicted value"] == "0148"


def test_progress_counts_what_is_done_of_the_batch(review, scorer, dashboard):
    dashboard(MNIST_AUDIT_SHARE="1")
    scorer.drop("scans", 3)
    scorer.score("scans")
    page = review.by("ada").open()
    assert progress(page) == "3 for review (with 3 drawn for the audit), 0 done"
    press(page, "4")
    assert progress(page) == "3 for review (with 3 drawn for the audit), 1 done"


def test_the_models_digit_can_be_hidden_until_the_answer(review, scorer):
    scorer.drop("scans", 1)
    scorer.score("scans")
    press(review.by("ada").open(), "4")
    page = review.by("bob").open()
    assert "Predicted digit" in page.numbers
    assert "Somebody contradicts the model" in page.words
    page.app.toggle(key="blind").set_value(True).run()
    assert "Predicted digit" not in page.checked().numbers
    assert "contradicts" not in page.words


def test_a_selection_is_asked_about_in_its_order_and_nothing_else(review, scorer):
    scorer.drop("scans", 6)
    scorer.score("scans")
    rows = cached.rows("scans")
    positions = [rows.frame.index[rows.frame["key"] == f"scans/000{i}-{i}.png"][0] for i in (5, 2)]
    chosen = ChosenImages("Selection of batch scans", tickets_of(rows, positions))
    page = review.by("ada")
    page.app.session_state["images-to-review"] = chosen
    page.open(batch="scans", selection="chosen")
    assert "Selection of batch scans: 2 images, 0 done" in progress(page)
    for name in ("0005-5", "0002-2"):
        assert f"`scans/{name}.png`" in page.words
        press(page, "7")
    assert "Nothing waits for a look here." in page.app.success[0].value
    assert [r.key for r in recorded()] == ["scans/0005-5.png", "scans/0002-2.png"]


def test_a_selection_of_another_visit_is_said_to_be_over(review, scorer):
    scorer.drop("scans", 2)
    scorer.score("scans")
    page = review.by("ada").open(batch="scans", selection="chosen")
    assert "A selection lasts as long as the visit" in page.words
    assert page.numbers["Waiting for you"] == "2"


def test_a_value_is_asked_for_as_text_and_kept_as_a_value(review, scorer):
    scorer.bucket.put("scans/_LAYOUT.json", layout(digits=4, check={"list": ["0149"]}))
    scorer.bucket.put("scans/strip.png", png_of(strip("0148")))
    scorer.score("scans")
    page = review.by("ada").open()
    assert page.numbers["Predicted value"] == "0148"
    (field,) = page.app.text_input
    assert field.value == "0148"
    field.set_value("no digits")
    press(page, "value")
    assert "Not recorded" in page.words
    assert recorded() == []
    (field,) = page.app.text_input
    field.set_value(" 0149 ")
    press(page, "value")
    (entry,) = recorded()
    assert (entry.value, entry.answer, entry.read_value) == ("0149", None, "0148")
    assert len(entry.boxes) == 4
    (ticket,) = tickets_at(cached.rows("scans"), {entry.version})
    assert (ticket.read_value, ticket.boxes) == ("0148", entry.boxes)  # as from a gallery
    assert "Recorded `0149`" in page.words
    page = review.by("bob").open()
    assert "Somebody contradicts the model: a second look is needed." in page.words
    (field,) = page.app.text_input
    field.set_value("0149")
    press(page, "value")
    assert page.numbers["Agreed"] == "1"
