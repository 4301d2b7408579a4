"""A dashboard server of the test's own, and a tab of a real Chromium in front of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role
from infra.ports import free_ports
from tests.waiting import wait_until_up

_ROOT = Path(__file__).parents[2]
_CHROMIUM = shutil.which("chromium")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_MISSING = "Chromium is not installed: apt-get install chromium"
_SECONDS = 60


@pytest.fixture
def address(environment, tmp_path) -> Iterator[str]:
    """A dashboard that was started just now and that nobody has opened yet."""
    if _CHROMIUM is None:
        pytest.skip(_MISSING)
    (port,) = free_ports(1)
    options = ("--server.address", "127.0.0.1", "--server.port", str(port))
    log = tmp_path / "dashboard.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", *options],
            cwd=_ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(f"{url}/_stcore/health", process, log, _SECONDS)
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

    def log_in(self, name: str = "ada", role: Role = Role.EDITOR) -> None:
        """Have the session of somebody who has logged in before."""
        session = Accounts().session(Person(name, role))
        cookie = {"name": "digits-session", "value": session, "url": self.address}
        self.tab.context.add_cookies([cookie])

    def open(self, page: str = "", **query: str) -> None:
        """Go to an address and wait for its heading."""
        self.tab.goto(f"{self.address}/{page}?{urlencode(query)}")
        expect(self.tab.get_by_role("heading", level=1)).to_be_visible(timeout=_SECONDS * 1000)

    def metric(self, label: str) -> Locator:
        """Find a number by its label."""
        return self.tab.get_by_test_id("stMetric").filter(has_text=label)

    def press(self, key: str, then: str) -> None:
        """Press a key once its button is there, and wait for what the page says of it."""
        button = self.tab.get_by_role("button", name=re.compile(f"Shortcut {key}$", re.IGNORECASE))
        expect(button).to_be_enabled()
        self._settle()
        self.tab.keyboard.press(key)
        expect(self.tab.get_by_text(then)).to_be_visible()

    def download(self, button: str | Locator, to: Path) -> Path:
        """Press a button that gives a file, and keep that.

        Args:
            button: Its whole name, or where it is.
            to: The file.
        """
        self._settle()
        if isinstance(button, str):
            button = self.tab.get_by_role("button", name=button, exact=True)
        with self.tab.expect_download() as download:
            button.click()
        download.value.save_as(to)
        return to

    def _settle(self) -> None:
        """Wait until no part of the page is about to be drawn anew: a click on it would be lost."""
        idle = self.tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        expect(idle).to_have_count(1)

    def _note_request(self, request) -> None:
        at_home = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(at_home):
            self.strangers.append(request.url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of a file, none of which sees what another did in it."""
    if _CHROMIUM is None:
        pytest.skip(_MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        expect.set_options(timeout=_SECONDS * 1000)
        yield browser
        browser.close()


@pytest.fixture
def visit(address: str, chromium: Browser) -> Iterator[Visit]:
    """A profile of its own in which nobody has logged in."""
    with chromium.new_context(accept_downloads=True) as profile:
        profile.set_default_timeout(_SECONDS * 1000)
        yield Visit(profile.new_page(), address)
