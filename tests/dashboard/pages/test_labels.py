"""The page of labels: what people answered, as far as one may see it, and another answer."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.access.people import Role
from dashboard.pages.labels import queries
from mnist import services
from mnist.reviews.agreement import consensuses
from mnist.reviews.review import standing
from tests.dashboard.pages.test_review import press, recorded
from tests.reviewing import review, review_of

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def answered(scorer, review_log):
    """Two images: one that ada and bob call a 7, one that bob alone calls a 4."""
    scorer.drop("scans", 2)
    scorer.score("scans")
    first, second = sorted(
        (version for page in services.current().inbox.versions("scans") for version in page),
        key=lambda version: version.key,
    )
    contents = [scorer.bucket.fetch(version.key) for version in (first, second)]
    for version, content, name, answer in (
        (first, contents[0], "ada", "7"),
        (first, contents[0], "bob", "7"),
        (second, contents[1], "bob", "4"),
    ):
        review_log.append(review_of(version, content, name, answer))


def test_before_the_first_answer_it_says_where_to_begin(labels):
    assert "begin on the page Review" in labels.by().open().words


def test_each_label_is_a_picture_with_its_answer_and_its_state(labels, answered):
    page = labels.by("ada").open()
    tiles = {tile["name"]: tile for tile in page.tiles}
    agreed, begun = tiles["0000-0.png"], tiles["0001-1.png"]
    assert (agreed["digit"], agreed["decision"], agreed["remarks"]) == ("7", "agreed", "ada, bob")
    assert agreed["png"] is not None
    assert (begun["digit"], begun["decision"]) == (None, "needs a second look")


def test_what_others_answered_is_hidden_until_it_is_agreed(labels, answered):
    (opens,) = [t["opens"] for t in labels.by("ada").open().tiles if t["name"] == "0001-1.png"]
    assert "hidden until agreed" in labels.open(label=opens).words
    page = labels.by("bob").open(label=opens)
    assert "hidden until agreed" not in page.words
    assert "UTC: `4`" in page.words


def test_another_answer_changes_a_label(labels, answered):
    (opens,) = [t["opens"] for t in labels.by("bob").open().tiles if t["name"] == "0000-0.png"]
    page = press(labels.open(label=opens), "1")
    assert "Recorded `1` for" in page.words
    (mine,) = [r for r in standing(recorded()) if (r.sha256, r.reviewer) == (opens, "bob")]
    assert mine.answer == "1"
    assert {tile["decision"] for tile in page.tiles} >= {"needs a third look"}


def test_a_viewer_sees_labels_and_changes_none(labels, answered):
    page = labels.by("eve", Role.VIEWER).open()
    page = labels.open(label=page.tiles[0]["opens"])
    assert "You are a viewer." in page.words
    assert not [button for button in page.app.button if button.key == "answer-4"]


def test_labels_are_filtered_by_state_and_person(labels, answered):
    page = labels.by("ada").open(state="needs a second look")
    assert [tile["name"] for tile in page.tiles] == ["0001-1.png"]
    page.app.selectbox(key="by").select("ada").run()
    assert "0 of 2 images" in page.checked().words


@pytest.mark.parametrize(
    ("answers", "learned"),
    [
        (["7"], ""),
        (["7", "7"], "version 3 and later ones"),
        (["not-a-digit", "not-a-digit"], "none: no digit"),
    ],
)
def test_the_first_training_after_an_agreement_learned_from_it(answers, learned):
    reviews = [review("one", f"person {i}", answer) for i, answer in enumerate(answers)]
    (image,) = consensuses(reviews, 2).values()
    last = reviews[-1].at
    began = {"2": last - timedelta(hours=1), "3": last + timedelta(hours=1)}
    assert queries.learned_by(image, began) == learned


def test_without_a_later_training_a_label_waits_and_an_audit_is_never_learned():
    (image,) = consensuses([review("one", "ada", "7")], 1).values()
    assert queries.learned_by(image, {"1": datetime(2020, 1, 1, tzinfo=UTC)}) == "the next training"
    (audit,) = consensuses([review("one", "ada", "7", audit=True)], 1).values()
    assert queries.learned_by(audit, {}) == "none: audited, so it measures"
