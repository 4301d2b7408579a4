"""Whose fault an error is: said on One image, counted and filtered on Errors."""

import hashlib

import pytest

from dashboard.access.actions import record_verdict
from dashboard.access.people import Person, Role
from mnist import services
from mnist.errors import AccessDenied
from mnist.reviews.verdict import ErrorFault
from mnist.storage.audit import AuditLog
from mnist.storage.verdicts import VerdictLog
from tests.dashboard.inspected import digits, rows_of
from tests.reviewing import misclassified, review, verdict

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

FOURS, SEVENS = rows_of(4, 3), rows_of(7, 2)


@pytest.fixture
def log(labels_bucket):
    return VerdictLog(labels_bucket)


def of_test_image(row, who, fault, **values):
    content = hashlib.sha256(digits().test.images[row].tobytes()).hexdigest()
    return verdict(row, who, fault, sha256=content, **values)


def names(page):
    return sorted(tile["name"] for tile in page.tiles)


def pressed(page):
    """Name the button of the verdict that is given now."""
    buttons = [b for b in page.app.button if (b.key or "").startswith("verdict-")]
    return [b.label for b in buttons if b.proto.type == "primary"]


def test_a_verdict_is_given_on_one_image_and_taken_back(image, champion, log, results_bucket):
    page = image.by("ada").open(test=str(FOURS[0]))
    assert "Label 4, predicted as 9 by version 3: **not judged**" in page.words
    page.app.button(key="verdict-l").click().run()
    assert "**label wrong**" in page.checked().words
    assert pressed(page) == ["Label wrong"]
    page.app.button(key="verdict-l").click().run()
    assert "**not judged**" in page.checked().words
    entries = sorted(log.recorded(), key=lambda entry: entry.at)
    assert [(e.who, e.fault, e.test_image) for e in entries] == [
        ("ada", "label wrong", FOURS[0]),
        ("ada", None, FOURS[0]),
    ]
    lines = AuditLog(results_bucket).last(5)
    assert [(line.who, line.what, line.why) for line in lines] == [
        ("ada", "judge an error", "taken back"),
        ("ada", "judge an error", "label wrong"),
    ]
    assert lines[0].subject == f"test image {FOURS[0]}: label 4, predicted as 9"


def test_another_word_replaces_the_first(image, champion, log):
    log.append(of_test_image(FOURS[0], "bob", ErrorFault.MODEL_WRONG))
    page = image.by("ada").open(test=str(FOURS[0]))
    assert "bob, 2026-11-20" in page.words
    page.app.button(key="verdict-a").click().run()
    assert pressed(page.checked()) == ["Ambiguous"]
    assert len(log.recorded()) == 2


def test_a_viewer_sees_verdicts_and_gives_none(image, errors, champion, log):
    log.append(of_test_image(FOURS[0], "ada", ErrorFault.AMBIGUOUS))
    page = image.by("eve", Role.VIEWER).open(test=str(FOURS[0]))
    assert "**ambiguous**" in page.words
    assert not [button for button in page.app.button if (button.key or "").startswith("verdict")]
    tiles = errors.by("eve", Role.VIEWER).open(true="4", read="9").tiles
    assert {tile["remarks"] for tile in tiles} == {"ambiguous", ""}
    assert not any("choices" in tile for tile in tiles)


def test_the_action_itself_refuses_a_viewer(champion, log):
    current, eve = services.current(), Person("eve", Role.VIEWER)
    with pytest.raises(AccessDenied):
        record_verdict(current.verdicts, current.audit, eve, misclassified(1), ErrorFault.AMBIGUOUS)
    assert list(log.recorded()) == []


def test_what_was_predicted_rightly_is_nobodys_fault(image, champion):
    row = next(row for row in rows_of(4, 9) if row not in FOURS)
    assert "Whose fault" not in image.by("ada").open(test=str(row)).words


def test_verdicts_are_counted_and_filter_the_images(errors, champion, log):
    log.append(of_test_image(FOURS[0], "ada", ErrorFault.LABEL_WRONG))
    # Another version predicted something else; the label, which is what is wrong, is the same.
    other = {"label": 7, "predicted": 2, "model_version": "1"}
    log.append(of_test_image(SEVENS[0], "ada", ErrorFault.MODEL_WRONG, **other))
    page = errors.by("ada").open()
    assert "**1** model wrong, **1** label wrong, **0** ambiguous, **3** not judged" in page.words
    pairs = page.app.dataframe[0].value
    assert pairs.columns.tolist()[-3:] == ["model wrong", "label wrong", "ambiguous"]
    assert pairs.iloc[:, -3:].to_numpy().tolist() == [[0, 1, 0], [1, 0, 0]]
    chosen = [tile["choices"]["chosen"] for tile in page.tiles]
    assert sorted(chosen) == ["", "", "", "label wrong", "model wrong"]
    page.app.selectbox(key="verdict").select("not judged").run()
    assert len(page.checked().tiles) == 3


def test_an_address_opens_the_images_of_one_verdict(errors, champion, log):
    log.append(of_test_image(FOURS[0], "ada", ErrorFault.LABEL_WRONG))
    assert names(errors.by("ada").open(verdict="label wrong")) == [f"test image {FOURS[0]}"]


def test_a_verdict_on_an_image_of_a_batch_names_the_object(
    image, errors, champion, scorer, review_log, log
):
    scorer.drop("scans", 3)
    scorer.score("scans")
    row = next(r for r in scorer.results.rows("scans").to_pylist() if r["digit"] == 0)
    version = {"key": row["key"], "etag": row["etag"], "size": row["bytes"]}
    review_log.append(review("", "ada", "3", sha256=row["sha256"], **version))
    address = {name: str(value) for name, value in version.items()}
    page = image.by("bob").open(batch="scans", **address)
    assert "Label 3, predicted as 0 by version 1" in page.words
    page.app.button(key="verdict-m").click().run()
    (entry,) = log.recorded()
    assert (entry.key, entry.sha256, entry.fault) == (row["key"], row["sha256"], "model wrong")
    assert (entry.label, entry.predicted, entry.model_version) == (3, 0, "1")
    assert "**1** model wrong" in errors.by("bob").open(of="scans").words


def test_without_the_test_images_nobody_judges_and_nothing_fails(errors, champion, log):
    log.append(of_test_image(FOURS[0], "ada", ErrorFault.LABEL_WRONG))
    champion.promote(dataset="mnist", test_digest="m" * 64)
    page = errors.by("ada").open()
    assert not any("choices" in tile for tile in page.tiles)
