"""Training images on Errors and One image: what the last check contradicts, and verdicts on it."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from dashboard.access.model_actions import check_labels
from dashboard.access.people import Person, Role
from dashboard.components.training_images import images_of_check
from mnist import services
from mnist.errors import AccessDenied, IntegrityError
from mnist.reviews.verdict import wrong_training_labels
from mnist.storage.audit import AuditLog
from mnist.tables import PROBABILITY_COLUMNS, to_parquet
from tests.dashboard.inspected import digits, probabilities_of

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

TRAINING = "training images"
IMAGES, SURE, UNSURE, REVIEWED = 200, 10, 20, 130
KEY = "scans/a.png"


def sha256(row):
    return hashlib.sha256(digits().train.images[row].tobytes()).hexdigest()


def checked():
    """Make what a check keeps: three labels of 200 images are contradicted."""
    train = digits().train.take(np.arange(IMAGES))
    mistakes = {row: (train.labels[row] + 5) % 10 for row in (SURE, UNSURE, REVIEWED)}
    probabilities = probabilities_of(train.labels, mistakes)
    unsure, label = probabilities[UNSURE], train.labels[UNSURE]
    unsure[[label, mistakes[UNSURE]]] = 0.4, 0.5
    probabilities[UNSURE] = unsure / unsure.sum()
    columns = {
        "label": train.labels.astype(np.int8),
        "source": ["mnist"] * 100 + ["reviewed labels"] * 100,
        "key": [KEY if row == REVIEWED else "" for row in range(IMAGES)],
        "sha256": [bytes.fromhex(sha256(row)) for row in range(IMAGES)],
        "pixels": [train.images[n].tobytes() if n in mistakes else None for n in range(IMAGES)],
    }
    columns |= {name: probabilities[:, i] for i, name in enumerate(PROBABILITY_COLUMNS)}
    return {"label-check.parquet": to_parquet(pa.table(columns))}


@pytest.fixture
def check(champion):
    champion.check_labels(checked())
    return champion


def rows(page):
    return [int(tile["name"].rpartition(" ")[2]) for tile in page.tiles]


def test_before_the_first_check_it_says_so_and_an_editor_starts_one(
    errors, champion, results_bucket
):
    page = errors.by("ada").open(of=TRAINING)
    assert "No labels of training images have been checked yet" in page.words
    (button,) = [b for b in page.app.button if b.label == "Check the labels"]
    button.click().run()
    assert champion.started == [("check-labels/default", {})]
    assert [line.what for line in AuditLog(results_bucket).last(1)] == ["check labels"]
    assert "under way" in page.checked().words


def test_a_viewer_starts_none(errors, champion):
    page = errors.by("eve", Role.VIEWER).open(of=TRAINING)
    assert not [b for b in page.app.button if "Check" in b.label]
    current = services.current()
    with pytest.raises(AccessDenied):
        check_labels(current.prefect, current.audit, Person("eve", Role.VIEWER))
    assert champion.started == []


def test_contradicted_labels_are_ranked_with_self_confidence_and_source(errors, check):
    page = errors.by("ada").open(of=TRAINING)
    assert "3 of 200 images are misclassified" in page.words
    assert "**3 labels contradicted**" in page.words
    assert sorted(rows(page)[:2]) == [SURE, REVIEWED]
    assert rows(page)[2] == UNSURE
    assert page.tiles[2]["name"] == f"mnist, training image {UNSURE}"
    assert page.tiles[2]["remarks"].startswith("self-confidence 40.")
    assert all(tile["png"] for tile in page.tiles)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"source": "reviewed labels"}, [REVIEWED]),
        ({"verdict": "label wrong"}, []),
        ({"contradicted": "with confidence"}, [SURE, REVIEWED]),
        ({"part": "images", "show": "misclassified"}, [SURE, UNSURE, REVIEWED]),
    ],
)
def test_an_address_filters_them(errors, check, query, shown):
    assert sorted(rows(errors.by("ada").open(of=TRAINING, **query))) == shown


def test_who_comes_from_the_test_images_sees_the_suspects_first(errors, check):
    page = errors.by("ada").open()
    page.app.selectbox(key="of").select(TRAINING).run()
    assert page.checked().tiles[0]["remarks"].startswith("self-confidence")


def test_images_that_were_predicted_as_labelled_are_counted_and_have_no_picture(errors, check):
    page = errors.by("ada").open(of=TRAINING, part="images", show="all")
    assert len(page.tiles) == 48
    without = [tile for tile in page.tiles if not tile["png"]]
    assert len(without) >= 45
    assert {tile["note"] for tile in without} == {"kept only where the label is contradicted"}


def test_a_verdict_on_one_image_leaves_it_out_until_it_is_taken_back(errors, image, check):
    page = image.by("ada").open(training=sha256(SURE))
    label = digits().train.labels[SURE]
    assert (
        f"Label {label}, predicted as {(label + 5) % 10} by check-labels-fast-seed-0" in page.words
    )
    assert "left out of the next retraining" in page.words
    page.app.button(key="verdict-l").click().run()
    verdicts = services.current().verdicts
    assert wrong_training_labels(verdicts.recorded()) == [(sha256(SURE), label)]
    shown = errors.by("ada").open(of=TRAINING, verdict="label wrong")
    assert rows(shown) == [SURE]
    page.app.button(key="verdict-l").click().run()
    assert wrong_training_labels(verdicts.recorded()) == []


def test_a_reviewed_image_says_where_its_label_is_changed(image, check):
    assert (
        f"change the label of `{KEY}` on Labels"
        in image.by("ada").open(training=sha256(REVIEWED)).words
    )


def test_an_image_that_the_check_did_not_keep_is_said(image, check):
    page = image.by("ada").open(training=sha256(1))
    assert "contradicted no training image" in page.words


def test_tags_of_a_training_image_stand_on_its_tile(errors, image, check):
    page = image.by("ada").open(training=sha256(SURE))
    page.app.multiselect(key="annotate-tags").set_value(["odd"])
    page.app.button(key="annotate-write").click().run()
    page.checked()
    assert rows(errors.by("ada").open(of=TRAINING, tag="odd")) == [SURE]


def test_a_damaged_check_is_named():
    with pytest.raises(IntegrityError, match=r"run 'x' cannot be read .* check the labels again"):
        images_of_check(to_parquet(pa.table({"label": [1]})), "x")
