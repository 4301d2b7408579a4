"""A wrong cut put right by dragging, and what the next training learns from it."""

import pytest
from playwright.sync_api import expect

from mnist import services
from mnist.operations.relabelling import Relabelling
from tests.factories import OneModel, services_of
from tests.sheets import layout, png_of, strip

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("champion")]


WIDTH = 4 * 36 + 40
"""Columns of the strip."""


@pytest.fixture
def strip_for_review(scorer):
    """A strip whose check fails, so that somebody is asked about it."""
    scorer.bucket.put("scans/_LAYOUT.json", layout(digits=4, check={"list": ["0149"]}))
    scorer.bucket.put("scans/strip.png", png_of(strip("0148")))
    scorer.score("scans")


def drag(tab, cut, column):
    """Drag a cut to a column of the strip."""
    picture = tab.get_by_alt_text("The place with its cuts").bounding_box()
    handle = cut.bounding_box()
    y = handle["y"] + handle["height"] / 2
    tab.mouse.move(handle["x"] + handle["width"] / 2, y)
    tab.mouse.down()
    tab.mouse.move(picture["x"] + picture["width"] * column / WIDTH, y, steps=5)
    tab.mouse.up()


def test_cuts_are_dragged_taken_away_and_added_and_the_value_follows(
    visit, strip_for_review, settings, tmp_path
):
    visit.log_in("ada")
    visit.open("review", batch="scans")
    cuts = visit.tab.get_by_role("slider", name="Cut")
    expect(cuts).to_have_count(3)
    value = visit.tab.get_by_role("textbox", name="What is written there?")
    expect(value).to_have_value("0148")

    cuts.last.press("Delete")
    expect(visit.tab.get_by_text("Cut like this, the model predicts")).to_be_visible()
    expect(cuts).to_have_count(2)
    expect(value).not_to_have_value("0148")
    visit.tab.get_by_role("button", name="Add a cut").click()
    expect(cuts).to_have_count(3)

    drag(visit.tab, cuts.first, 34)  # through the first digit
    expect(value).not_to_have_value("0148")
    drag(visit.tab, cuts.first, 53)
    expect(visit.tab.get_by_text("Cut like this, the model predicts 0148.")).to_be_visible()
    expect(value).to_have_value("0148")

    value.press("Enter")
    expect(visit.tab.get_by_text("Recorded 0148 for")).to_be_visible()
    (entry,) = services.current().reviews.recorded()
    assert entry.value == "0148"
    assert len(entry.cuts) == 3
    assert abs(entry.cuts[0] - 53) <= 2
    assert visit.complaints == []

    (tmp_path / "model").mkdir()
    one = services_of(settings, registry=OneModel(tmp_path / "model"))
    one.settings = settings.model_copy(update={"reviews_needed": 1})
    labels = Relabelling(one).reviewed_labels()
    assert labels.images.labels.tolist() == [0, 1, 4, 8]


def test_an_audit_shows_no_cuts_for_they_tell_how_many_digits_were_predicted(
    visit, scorer, environment
):
    del environment
    scorer.bucket.put("scans/_LAYOUT.json", layout(digits=4, check={"list": ["0149"]}))
    scorer.bucket.put("scans/strip.png", png_of(strip("0148")))
    scorer.score("scans")
    visit.log_in("ada")
    visit.open("review", batch="scans", blind="true")
    expect(visit.tab.get_by_role("textbox", name="What is written there?")).to_have_value("")
    expect(visit.tab.get_by_role("slider", name="Cut")).to_have_count(0)
