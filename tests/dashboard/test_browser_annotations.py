"""Tags on a selection, and views that are saved and found again, in real Chromium."""

import pandas as pd
import pytest
from playwright.sync_api import expect

from dashboard.access.people import Role
from mnist import services

pytestmark = pytest.mark.browser


def by_name(visit, role, name):
    return visit.tab.get_by_role(role, name=name, exact=True)


def write_tag(visit, tag):
    """Type a tag that nobody has used, and write it on the selection."""
    visit.tab.get_by_label("Tags to give").fill(tag)
    visit.tab.keyboard.press("Enter")
    visit.tab.keyboard.press("Escape")
    by_name(visit, "button", "Write").click()


@pytest.mark.slow
def test_a_selection_is_tagged_filtered_by_and_exported(visit, champion, tmp_path):
    visit.tab.set_viewport_size({"width": 1280, "height": 1600})
    visit.log_in("ada")
    visit.open("errors", true="4", read="9")
    expect(visit.tab.locator(".tile")).to_have_count(3)
    by_name(visit, "button", "Notes and tags").click()
    expect(visit.tab.get_by_text("On 3 images of this selection")).to_be_visible()
    write_tag(visit, "Open Top")
    expect(visit.tab.get_by_text("Written on 3 images: tag open top.")).to_be_visible()
    expect(visit.tab.get_by_text("Tags in this selection: open top 3.")).to_be_visible()
    expect(visit.tab.locator(".tile", has_text="#open top")).to_have_count(3)
    visit.download("All notes and tags as CSV", tmp_path / "written.csv")
    table = pd.read_csv(tmp_path / "written.csv")
    assert table["tags"].tolist() == ["open top"] * 3

    # The exported address opens one of them; the filter's own address shows all three.
    visit.tab.goto(table["page"][0])
    expect(visit.tab.get_by_text("Notes and tags · #open top")).to_be_visible()
    visit.open("errors", tag="open top")
    expect(visit.tab.locator(".tile")).to_have_count(3)
    assert len(services.current().annotations.recorded()) == 1
    assert visit.complaints == []


@pytest.mark.slow
def test_a_view_is_saved_found_on_overview_by_others_and_removed(visit, champion):
    visit.log_in("ada")
    visit.open("errors", true="4", read="9", by="least sure first")
    by_name(visit, "button", "Views").click()
    name = visit.tab.get_by_label("Save this page, as it is filtered now, as")
    name.fill("Open fours")
    by_name(visit, "button", "Save the view").click()
    expect(visit.tab.get_by_text("Saved as Open fours")).to_be_visible()
    name.fill("open FOURS")
    by_name(visit, "button", "Save the view").click()
    expect(visit.tab.get_by_text("There is a view 'Open fours' already")).to_be_visible()
    name.fill("  ")
    by_name(visit, "button", "Save the view").click()
    expect(visit.tab.get_by_text("The view has no name")).to_be_visible()

    visit.tab.context.clear_cookies()
    visit.log_in("eve", Role.VIEWER)
    visit.open()
    by_name(visit, "link", "Open fours").click()
    expect(visit.tab.locator(".tile")).to_have_count(3)
    expect(visit.tab.get_by_role("combobox", name="Order")).to_have_value("least sure first")
    assert "true=4" in visit.tab.url
    by_name(visit, "button", "Views").click()
    expect(by_name(visit, "link", "Open fours")).to_be_visible()
    expect(by_name(visit, "button", "Remove")).to_have_count(0)

    visit.tab.context.clear_cookies()
    visit.log_in("ada")
    visit.open("errors")
    by_name(visit, "button", "Views").click()
    by_name(visit, "button", "Remove").click()
    expect(visit.tab.get_by_text("Removed: Open fours.")).to_be_visible()
    expect(by_name(visit, "link", "Open fours")).to_have_count(0)
    assert visit.complaints == []
