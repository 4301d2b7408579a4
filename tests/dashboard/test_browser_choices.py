"""What a person chooses is what the page shows: in real Chromium, where a click is a click."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.inspected import files, rows_of, tags
from tests.factories import png

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_confused_pair_that_is_ticked_shows_its_images(visit, champion):
    visit.tab.set_viewport_size({"width": 1440, "height": 1600})
    visit.log_in()
    visit.open("errors")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(5)
    table = visit.tab.get_by_test_id("stDataFrame").filter(has_text="predicted as").first
    expect(table.locator("canvas").first).to_be_visible()
    box = table.bounding_box()
    # The table is one canvas: the box to tick is at the left of the second line.
    visit.tab.mouse.click(box["x"] + 15, box["y"] + 53)
    expect(tiles).to_have_count(3)
    expect(visit.tab).to_have_url(re.compile("true=4&read=9"))
    assert visit.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "shown"), [("4-9", "true=4&read=9"), ("4-4", "true=4&read=4&show=all")]
)
def test_a_cell_of_a_compared_matrix_leads_to_the_images_of_that_version(
    visit, champion, tmp_path, cell, shown
):
    fours = rows_of(4, 1)
    champion.register("2", files(dict.fromkeys(fours, 9)), **tags(tmp_path, "run-of-version-2"))
    visit.log_in()
    visit.open("compare", first="2", second="3", fate="still wrong")
    first = visit.tab.get_by_role("table", name="Confusion matrix of version 2")
    first.locator(f"[data-name='{cell}']").click()
    expect(visit.tab.get_by_role("heading", level=1)).to_have_text("Errors · version 2")
    expect(visit.tab).to_have_url(re.compile(f"version=2&{shown}"))
    if cell == "4-9":
        expect(visit.tab.locator(".tile")).to_have_count(1)
    visit.tab.get_by_role("button", name="Back to Compare").click()
    expect(visit.tab.get_by_role("heading", level=1)).to_have_text("Compare · versions 2 and 3")
    # A page that one has come back to does not lead to itself.
    visit.tab.locator(".tile button.open").first.click()
    visit.tab.get_by_role("button", name="Back to Compare").click()
    expect(first).to_be_visible()
    expect(visit.tab.get_by_role("button", name="Back to")).to_have_count(0)
    assert visit.complaints == []


@pytest.mark.slow
def test_a_drawing_after_an_upload_is_what_is_predicted(visit, champion):
    visit.log_in()
    visit.open("draw")
    upload = {"name": "7.png", "mimeType": "image/png", "buffer": png(7)}
    visit.tab.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(upload)
    digit = visit.metric("Digit")
    expect(digit).to_contain_text("7")
    box = visit.tab.locator("#sheet").bounding_box()
    middle = box["x"] + box["width"] / 2
    visit.tab.mouse.move(middle, box["y"] + 60)
    visit.tab.mouse.down()
    visit.tab.mouse.move(middle, box["y"] + 260, steps=8)
    visit.tab.mouse.up()
    expect(digit).to_contain_text("1")
    assert visit.complaints == []


@pytest.mark.slow
def test_a_failed_batch_is_one_click_from_its_images_and_two_from_the_reason(
    visit, champion, scorer
):
    scorer.drop_rejects("bad")
    scorer.score("bad")
    visit.log_in()
    visit.open()
    expect(visit.metric("Failed")).to_contain_text("1")
    visit.tab.get_by_role("button", name="Show").first.click()
    expect(visit.tab.locator(".tile")).to_have_count(3)
    expect(visit.tab).to_have_url(re.compile("batches.batch=bad&outcome=rejected"))
    caption = "getComputedStyle(document.querySelector('[data-testid=stCaptionContainer]')).opacity"
    assert float(visit.tab.evaluate(caption)) > 0.7
    visit.tab.locator(".tile button").first.click()
    expect(visit.tab.get_by_text("What to do").first).to_be_visible()
    assert visit.complaints == []


@pytest.mark.slow
def test_the_way_back_keeps_every_value_of_a_filter(visit, champion, scorer):
    scorer.drop("scans", 5)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    visit.log_in("ada")
    visit.tab.goto(f"{visit.address}/batches?batch=scans&digit=0&digit=3")
    expect(visit.tab.locator(".tile")).to_have_count(2)
    visit.tab.locator(".tile button.open").first.click()
    visit.tab.get_by_role("button", name="Back to Batches").click()
    expect(visit.tab.get_by_text("2 of 8 images")).to_be_visible()
    expect(visit.tab.locator(".tile")).to_have_count(2)
