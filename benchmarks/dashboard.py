"""How long people wait for the dashboard, as a ratio to an empty Streamlit page in the same run.

    . .local/env && python -m benchmarks.dashboard [--rows 100000] [--repeats 5]

Starts a dashboard of its own over the running stack, which has a champion (`make demo`), and looks
at it in Chromium. The errors of the champion's test images, and a batch of 100,000 images, which
is put into the inbox as a zip and scored by the watcher unless it was before. `first_visit` is the
very first look after a start, with nothing in any cache, and `first_paint` its way to the title;
every other number is a median, to the first picture. The last line is one JSON object: the seconds
of each.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Locator, Page, sync_playwright

from benchmarks.large_batch import scored_batch
from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role
from infra.ports import free_ports
from mnist.settings import load_settings

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_OPTIONS = ("--server.headless", "true", "--server.address", "127.0.0.1", "--server.port")
_READY_SECONDS = 60
_EMPTY = "import streamlit as st\nst.title('Empty')\n"
_TILES = ".tiles"
_PICTURE = ".tile img"
_LOOK_AGAIN_SECONDS = 0.01


@contextmanager
def served(command: Sequence[str]) -> Iterator[str]:
    """Run a server of Streamlit's, which is told its port; the value is its address."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", *command, *_OPTIONS, str(port)],
        env=os.environ | {"STREAMLIT_SERVER_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/_stcore/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"{url} did not come up within {_READY_SECONDS} seconds.")


class Watch:
    """A stopwatch in front of one tab.

    Args:
        tab: Where to look.
        repeats: Measurements of which the median is kept.
    """

    def __init__(self, tab: Page, repeats: int) -> None:
        self._tab = tab
        self._repeats = repeats
        self.seconds: dict[str, float] = {}

    def visit(self, name: str, url: str, selector: str) -> None:
        """Measure to the title and to something on the page, first alone, then as a median."""
        titled, seconds = [], []
        for _ in range(1 + self._repeats):
            started = time.perf_counter()
            self._tab.goto(url)
            self._tab.locator("h1").first.wait_for()
            titled.append(time.perf_counter() - started)
            self._tab.locator(selector).first.wait_for()
            seconds.append(time.perf_counter() - started)
        self.seconds[f"{name}_first_visit"] = seconds[0]
        self.seconds[f"{name}_first_paint"] = titled[0]
        self.seconds[name] = statistics.median(seconds[1:])

    def change(self, name: str, act: Callable[[int], None], selector: str = _TILES) -> None:
        """Measure from an action, given its number, to other content in its place."""
        seconds = []
        for turn in range(self._repeats):
            content = self._tab.locator(selector).first
            before = content.text_content()
            started = time.perf_counter()
            act(turn)
            _wait_for_other(content, before, f"{name} {turn}")
            seconds.append(time.perf_counter() - started)
        self.seconds[name] = statistics.median(seconds)


def _wait_for_other(content: Locator, before: str | None, name: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if content.text_content() != before:
            return
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise SystemExit(f"{name}: the page showed the same after {_READY_SECONDS} seconds.")


def measure(tab: Page, address: str, empty: str, batch: str, repeats: int) -> dict[str, float]:
    """Return name -> median seconds of each look and each click."""
    watch = Watch(tab, repeats)

    def cell(turn: int) -> None:
        tab.locator("button.cell[data-kind=wrong]").nth(turn).click()

    def digit(turn: int) -> None:
        tab.get_by_role("button", name=str(turn % 10), exact=True).click()

    def next_page(_turn: int) -> None:
        tab.get_by_role("button", name="Next page").click()

    def order(turn: int) -> None:
        tab.get_by_label("Order", exact=False).first.click()
        tab.get_by_role("option", name=("most sure first", "by name")[turn % 2]).click()

    watch.visit("empty_page", empty, "h1")
    watch.visit("errors", f"{address}/errors", _PICTURE)
    watch.change("errors_cell", cell)
    watch.visit("batch", f"{address}/batches?{urlencode({'batch': batch})}", _PICTURE)
    watch.change("batch_next_page", next_page)
    watch.change("batch_digit", digit)
    watch.change("batch_order", order)
    watch.visit("review", f"{address}/review?{urlencode({'batch': batch})}", "img")
    return watch.seconds


def main() -> None:
    """Measure, print a table, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="images of the large batch")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    batch = scored_batch(load_settings(), arguments.rows)
    session = Accounts().session(Person("benchmark", Role.VIEWER))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder, "empty_app.py")
        script.write_text(_EMPTY)
        with served(["streamlit", "run", str(script)]) as empty, served(["dashboard"]) as address:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=_FLAGS
            )
            tab = browser.new_page()
            tab.set_default_timeout(_READY_SECONDS * 1000)
            tab.context.add_cookies([{"name": "digits-session", "value": session, "url": address}])
            medians = measure(tab, address, empty, batch, arguments.repeats)
            browser.close()
    for name, seconds in medians.items():
        print(f"{name:24} {seconds:7.2f} s  {seconds / medians['empty_page']:5.1f} x an empty page")
    print(json.dumps({f"{name}_seconds": round(seconds, 3) for name, seconds in medians.items()}))


if __name__ == "__main__":
    main()
