"""The dashboard as people meet it: a real server, real Chromium, a real store."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pandas as pd
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from infra.ports import free_ports

_ROOT = Path(__file__).parents[2]
_CHROMIUM = shutil.which("chromium")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_SECONDS = 60

pytestmark = pytest.mark.skipif(
    _CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"
)


@pytest.fixture
def address(environment, tmp_path) -> Iterator[str]:
    """A dashboard that was started just now and that nobody has opened yet."""
    (port,) = free_ports(1)
    options = ("--server.address", "127.0.0.1", "--server.port", str(port))
    log = tmp_path / "dashboard.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", *options],
            cwd=_ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/_stcore/health", process, log)
        yield url
    finally:
        process.terminate()
        process.wait()


class Visit:
    """A tab, and what it did besides showing the page."""

    def __init__(self, tab: Page, address: str) -> None:
        self.tab = tab
        self.address = address
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        tab.on("request", self._note_request)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def open(self, page: str = "", **query: str) -> None:
        """Go to an address and wait for its heading."""
        self.tab.goto(f"{self.address}/{page}?{urlencode(query)}")
        expect(self.tab.get_by_role("heading", level=1)).to_be_visible(timeout=_SECONDS * 1000)

    def _note_request(self, request) -> None:
        at_home = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(at_home):
            self.strangers.append(request.url)


@pytest.fixture
def visit(address) -> Iterator[Visit]:
    """A fresh browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        tab = browser.new_page(accept_downloads=True)
        tab.set_default_timeout(_SECONDS * 1000)
        expect.set_options(timeout=_SECONDS * 1000)
        yield Visit(tab, address)
        browser.close()


def test_a_link_to_a_batch_opens_its_images_and_leads_on(visit, scorer, services, tmp_path):
    odd = "<img src=x onerror=alert(1)> **b**"
    services.promote()
    scorer.drop("scans", 60)
    scorer.drop_rejects("scans")
    scorer.drop(odd, 3)
    scorer.score("scans")
    scorer.score(odd)

    # The very first visitor comes by a link into the middle.
    visit.open("batches", batch="scans", digit="7")
    tiles = visit.tab.locator(".tile")
    expect(tiles).to_have_count(6)
    expect(visit.tab.get_by_alt_text("0007-7.png, read as 7")).to_be_visible()
    assert tiles.locator("img").first.evaluate("image => image.naturalWidth") == 28

    with visit.tab.expect_download() as download:
        visit.tab.get_by_role("button", name="Download as CSV", exact=True).click()
    download.value.save_as(tmp_path / "scans.csv")
    assert (pd.read_csv(tmp_path / "scans.csv")["digit"] == 7).all()

    # Another batch by a click into the table: the one with the odd name is the newest.
    visit.tab.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 50})
    expect(tiles).to_have_count(0)  # the filter stays, and this batch has no 7
    expect(visit.tab).to_have_url(re.compile("batch=%3Cimg"))
    visit.tab.get_by_role("button", name="7", exact=True).click()
    expect(tiles).to_have_count(3)

    visit.tab.get_by_role("link", name="Overview").click()
    expect(visit.tab.get_by_test_id("stMetric").first).to_contain_text("99.00 %")
    expect(visit.tab.locator("[role='graphics-document']").first).to_be_visible()
    assert visit.strangers == []
    assert visit.complaints == []


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not come up; the end of its log:\n{log.read_text()[-2000:]}")
