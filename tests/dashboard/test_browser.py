"""The dashboard as people meet it: a real server, real Chromium, a real store."""

import re

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import EDITOR_PASSWORD
from tests.dashboard.many_rows import write_batch, write_receipt

pytestmark = pytest.mark.browser


def test_nobody_sees_a_page_before_logging_in_and_a_reload_does_not_ask_again(visit, servers):
    servers.promote()
    visit.open()
    expect(visit.tab.get_by_role("heading", level=1)).to_have_text("Digits")
    expect(visit.tab.get_by_test_id("stMetric")).to_have_count(0)

    visit.tab.get_by_label("Your name").fill("Ada")
    visit.tab.get_by_label("Password", exact=True).fill("a guess of mine")
    visit.tab.get_by_role("button", name="Log in").click()
    expect(visit.tab.get_by_text("This is not the password")).to_be_visible()
    visit.tab.get_by_label("Password", exact=True).fill(EDITOR_PASSWORD)
    visit.tab.get_by_role("button", name="Log in").click()
    expect(visit.tab.get_by_text("ada · editor")).to_be_visible()
    visit.tab.wait_for_function("document.cookie.includes('digits-session=')")

    visit.tab.reload()
    expect(visit.tab.get_by_text("ada · editor")).to_be_visible()
    visit.tab.get_by_role("button", name="Log out").click()
    expect(visit.tab.get_by_label("Your name")).to_be_visible()
    visit.tab.wait_for_function("!document.cookie.includes('digits-session=')")
    visit.tab.reload()
    expect(visit.tab.get_by_label("Your name")).to_be_visible()
    assert visit.complaints == []


def test_a_link_to_a_batch_opens_its_images_and_leads_on(visit, scorer, servers, tmp_path):
    odd = "<img src=x onerror=alert(1)> **b**"
    servers.promote()
    scorer.drop("scans", 60)
    scorer.drop_rejects("scans")
    scorer.drop(odd, 3)
    scorer.score("scans")
    scorer.score(odd)

    # The very first visitor comes by a link into the middle.
    visit.log_in()
    visit.open("batches", batch="scans", digit="7")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(6)
    expect(visit.tab.get_by_alt_text("0007-7.png, predicted as 7")).to_be_visible()
    assert tiles.locator("img").first.evaluate("image => image.naturalWidth") == 28

    visit.download("Download as CSV", tmp_path / "scans.csv")
    assert (pd.read_csv(tmp_path / "scans.csv")["digit"] == 7).all()

    # Another batch by a click into the table: the one with the odd name is the newest.
    visit.tab.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 50})
    expect(tiles).to_have_count(0)  # the filter stays, and this batch has no 7
    expect(visit.tab).to_have_url(re.compile("batch=%3Cimg"))
    visit.tab.get_by_role("button", name="7", exact=True).click()
    expect(tiles).to_have_count(3)

    visit.tab.get_by_role("link", name="Overview").click()
    expect(visit.metric("Failed")).to_contain_text("0")
    visit.tab.get_by_role("button", name="Its numbers and its confusion matrix").click()
    expect(visit.metric("Test accuracy")).to_contain_text("99.00 %")
    expect(visit.tab.locator("[role='graphics-document']").first).to_be_visible()
    assert visit.strangers == []
    assert visit.complaints == []


def test_a_batch_of_100_000_images_is_looked_through_page_by_page(
    visit, servers, results, tmp_path
):
    servers.promote()
    write_batch(results, "many", 100_000)
    write_receipt(results, "many")
    visit.log_in()
    visit.open("batches", batch="many")
    expect(visit.metric("Listed")).to_contain_text("100,000")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(48)
    expect(tiles.first).to_contain_text("000003.png")

    visit.tab.get_by_role("button", name="7", exact=True).click()
    expect(visit.tab.get_by_text("10,000 of 100,000 images")).to_be_visible()
    visit.tab.get_by_role("button", name="Next page").click()
    expect(tiles.first).to_contain_text("000487.png")
    visit.tab.get_by_label("Name contains").fill("099997")
    visit.tab.keyboard.press("Enter")
    expect(tiles).to_have_count(1)
    visit.tab.get_by_test_id("stButtonGroup").get_by_text("as table", exact=True).click()
    table = visit.tab.get_by_test_id("stDataFrame")
    expect(table).to_have_count(2)
    # A table shows one page; the only download there is gives all rows.
    table.last.hover()
    expect(visit.tab.get_by_role("button", name="Search").last).to_be_visible()
    downloads = visit.tab.get_by_role("button", name="Download as CSV")
    expect(downloads).to_have_count(1)
    visit.tab.get_by_label("Name contains").fill("")
    visit.tab.keyboard.press("Enter")
    expect(visit.tab.get_by_text("10,000 of 100,000 images")).to_be_visible()
    visit.download(downloads, tmp_path / "many.csv")
    assert len(pd.read_csv(tmp_path / "many.csv")) == 10_000
    assert visit.complaints == []
