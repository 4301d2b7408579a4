"""Looking into errors as people do: in real Chromium, from a number to the images behind it."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.inspected import files, rows_of, tags

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_click_on_a_cell_shows_its_images_and_a_tile_opens_one(visit, champion):
    visit.log_in()
    visit.open("errors")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(5)
    expect(visit.tab.get_by_role("heading", level=1)).to_have_text("Errors · version 3")
    expect(visit.tab).to_have_title("Errors · version 3")
    cell = visit.tab.get_by_role("button", name=re.compile(r"^4 predicted as 9: 3 images"))
    cell.click()
    expect(tiles).to_have_count(3)
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(visit.tab).to_have_url(re.compile("true=4&read=9"))

    link = visit.tab.url
    row = rows_of(4, 1)[0]
    visit.tab.get_by_role("button", name=re.compile(f"test image {row}, labelled 4")).click()
    expect(visit.tab.get_by_role("heading", level=1)).to_contain_text("One image")
    expect(visit.tab).to_have_url(re.compile(f"/image.*test={row}"))
    expect(visit.tab.get_by_alt_text(re.compile("Saliency"))).to_be_visible()
    visit.tab.get_by_role("button", name="Back to Errors").click()
    expect(tiles).to_have_count(3)

    # Somebody else opens the link and sees the same.
    visit.tab.goto(link)
    expect(tiles).to_have_count(3)
    expect(cell).to_have_attribute("aria-pressed", "true")
    cell.click()
    expect(tiles).to_have_count(5)
    assert visit.strangers == []
    assert visit.complaints == []


def test_two_versions_differ_in_the_images_that_are_shown(visit, champion, tmp_path):
    earlier = dict.fromkeys(rows_of(0, 2), 6)
    champion.register("2", files(earlier), **tags(tmp_path, "run-of-version-2"))
    visit.log_in()
    visit.open("compare", first="2", second="3", fate="broken")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(5)
    visit.tab.get_by_test_id("stButtonGroup").get_by_text("fixed", exact=True).click()
    expect(tiles).to_have_count(2)
    zeros = visit.tab.get_by_role("button", name=re.compile("labelled 0, predicted as 0"))
    expect(zeros).to_have_count(2)
    assert visit.complaints == []


def step(visit, key, then):
    """Press an arrow key once the page is drawn."""
    expect(
        visit.tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    ).to_have_count(1)
    visit.tab.keyboard.press(key)
    expect(visit.tab.get_by_text(then)).to_be_visible()


@pytest.mark.slow
def test_keys_lead_to_the_next_image_of_the_gallery_and_back(visit, champion):
    visit.log_in()
    visit.open("errors", true="4", read="9", by="in their order")
    first, second, third = rows_of(4, 3)
    visit.tab.locator(".tile button.open").nth(1).click()
    expect(visit.tab.get_by_role("heading", name=f"Test image {second}")).to_be_visible()
    expect(visit.tab.get_by_text("2 of 3 in the gallery")).to_be_visible()
    step(visit, "ArrowRight", "3 of 3 in the gallery")
    expect(visit.tab.get_by_role("heading", name=f"Test image {third}")).to_be_visible()
    expect(visit.tab.get_by_role("button", name=re.compile("^Next"))).to_be_disabled()
    step(visit, "ArrowLeft", "2 of 3 in the gallery")
    step(visit, "ArrowLeft", "1 of 3 in the gallery")
    expect(visit.tab.get_by_role("heading", name=f"Test image {first}")).to_be_visible()
    visit.tab.get_by_role("button", name="Back to Errors").click()
    expect(visit.tab.locator(".tile")).to_have_count(3)
    assert visit.complaints == []


@pytest.mark.slow
def test_a_box_on_the_map_has_an_address(visit, champion):
    visit.tab.set_viewport_size({"width": 1280, "height": 1800})
    visit.log_in()
    visit.open("errors", look="map")
    visit.tab.get_by_role("button", name="Make the map").click()
    chart = visit.tab.get_by_test_id("stVegaLiteChart")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    visit.tab.mouse.move(box["x"] + 60, box["y"] + 60)
    visit.tab.mouse.down()
    visit.tab.mouse.move(box["x"] + 400, box["y"] + 330, steps=8)
    visit.tab.mouse.up()
    counted = visit.tab.get_by_text(re.compile(r"^[\d,]+ images? in the box$"))
    expect(counted).to_be_visible()
    visit.tab.wait_for_url(re.compile("box="))
    text = counted.inner_text()

    visit.tab.goto(visit.tab.url)
    expect(counted).to_have_text(text)
    expect(visit.tab.get_by_role("list", name="Images of the map")).to_be_visible()
    visit.tab.get_by_role("button", name="Take the box away").click()
    expect(visit.tab.get_by_text("misclassified images on the map")).to_be_visible()
    assert "box=" not in visit.tab.url
    assert visit.complaints == []
