"""What a person chooses is what the page shows: in real Chromium, where a click is a click."""

import re

import pytest
from playwright.sync_api import expect

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
