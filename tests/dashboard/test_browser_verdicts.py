"""Whose fault an error is, said by mouse and key in real Chromium, and what can be taken away."""

import io

import pandas as pd
import pytest
from playwright.sync_api import expect

from mnist import services
from mnist.spreadsheets import BYTE_ORDER_MARK
from tests.dashboard.inspected import rows_of

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_verdicts_are_given_on_tiles_and_by_keys_and_exported(visit, champion, tmp_path):
    row = rows_of(4, 1)[0]
    visit.tab.set_viewport_size({"width": 1280, "height": 1600})
    visit.log_in("ada")
    visit.open("errors", true="4", read="9")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(3)
    group = visit.tab.get_by_role("group", name=f"Whose fault, test image {row}", exact=True)
    group.get_by_role("button", name="label wrong").click()
    expect(visit.tab.get_by_text(f"Recorded: label wrong, for test image {row}")).to_be_visible()
    pressed = group.get_by_role("button", name="label wrong", pressed=True)
    expect(pressed).to_have_count(1)
    expect(visit.tab.get_by_text("1 label wrong, 0 ambiguous, 4 not judged")).to_be_visible()

    visit.download("Download as CSV", tmp_path / "predictions.csv")
    content = (tmp_path / "predictions.csv").read_bytes()
    assert content.startswith(BYTE_ORDER_MARK)
    table = pd.read_csv(io.BytesIO(content)).set_index("row")
    assert table.loc[row, ["verdict", "judged_by"]].tolist() == ["label wrong", "ada"]
    visit.download("All verdicts as CSV", tmp_path / "verdicts.csv")
    assert pd.read_csv(tmp_path / "verdicts.csv")["image"].tolist() == [f"test image {row}"]

    # The exported address opens the image, where keys say it.
    visit.tab.goto(table.loc[row, "page"])
    expect(visit.tab.get_by_text("label wrong.").first).to_be_visible()
    visit.press("m", then="Recorded: model wrong")
    faults = [entry.fault for entry in services.current().verdicts.recorded()]
    assert sorted(faults) == ["label wrong", "model wrong"]
    assert visit.complaints == []
