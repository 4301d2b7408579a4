"""How long people wait for the dashboard, as a ratio to an empty Streamlit page in the same run.

    . .local/env && python -m benchmarks.dashboard [--batch NAME] [--repeats 5]

Measures the dashboard that runs (`DASHBOARD_URL` or `--address`) in Chromium: from the address to
the first picture, and from a click on a cell to its mark. Name a large batch to
measure it too.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Page, sync_playwright

from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role
from infra.ports import free_ports

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_OPTIONS = ("--server.headless", "true", "--server.address", "127.0.0.1", "--server.port")
_READY_SECONDS = 60
_EMPTY = "import streamlit as st\nst.title('Empty')\n"


@contextmanager
def empty_page() -> Iterator[str]:
    """Serve a page with a heading and nothing else."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "empty_app.py")
        script.write_text(_EMPTY)
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *_OPTIONS, str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
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


def _median(action: Callable[[int], None], repeats: int) -> float:
    action(0)  # the first look fills caches that every later visitor shares
    seconds = []
    for turn in range(1, repeats + 1):
        started = time.perf_counter()
        action(turn)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def measure(
    tab: Page, address: str, empty: str, batch: str | None, repeats: int
) -> dict[str, float]:
    """Return name -> median seconds of each look and each click."""

    def look(url: str, wanted: str) -> Callable[[int], None]:
        def open_it(_turn: int) -> None:
            tab.goto(url)
            tab.locator(wanted).first.wait_for()

        return open_it

    def click(turn: int) -> None:
        cells = tab.locator("button.cell[data-kind=wrong]")
        cells.nth(turn).click()
        tab.locator(
            f"button.cell[data-name='{cells.nth(turn).get_attribute('data-name')}']"
            "[aria-pressed=true]"
        ).wait_for()

    found = {
        "empty_page_seconds": _median(look(empty, "h1"), repeats),
        "errors_first_picture_seconds": _median(look(f"{address}/errors", ".tile img"), repeats),
        "errors_cell_click_seconds": _median(click, repeats),
    }
    if batch:
        url = f"{address}/batches?{urlencode({'batch': batch})}"
        found["batch_first_picture_seconds"] = _median(look(url, ".tile img"), repeats)
    return found


def main() -> None:
    """Measure, print a table, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default=os.environ.get("DASHBOARD_URL", ""))
    parser.add_argument("--batch", help="a batch to open; the larger, the more it tells")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    if not asked.address:
        parser.error("say where the dashboard is with --address http://127.0.0.1:PORT")
    session = Accounts().session(Person("benchmark", Role.LOOKING), time.time())
    cookie = {"name": "digits-session", "value": session, "url": asked.address}
    with empty_page() as empty, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(_READY_SECONDS * 1000)
        tab.context.add_cookies([cookie])
        found = measure(tab, asked.address, empty, asked.batch, asked.repeats)
        browser.close()
    base = found["empty_page_seconds"]
    for name, seconds in found.items():
        print(f"{name:32} {seconds:7.2f} s  {seconds / base:5.1f} x an empty page")
    print(json.dumps({name: round(seconds, 3) for name, seconds in found.items()}))


if __name__ == "__main__":
    main()
