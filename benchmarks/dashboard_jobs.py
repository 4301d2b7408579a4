"""What the daily jobs take on the dashboard, in Chromium: clicks, seconds, a picture of each page.

    . .local/env && python -m benchmarks.dashboard_jobs [--pictures docs/images]

Starts a dashboard of its own over the running stack, as an editor who changes nothing, and does
each job from the first screen, or from the page in the menu that it is about. Each is reported when
it is done; one that cannot be done on this stack is left out, with what it needs and with what the
page says instead. With `--pictures`, the pages that the documents show are kept as PNGs. The last
line is one JSON object: clicks and seconds of each job.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, ViewportSize, sync_playwright

from benchmarks.dashboard import served
from benchmarks.dashboard_looks import JOBS, PICTURES, Look
from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_SECONDS = 30
_STILL_SECONDS = 6
_POLL_MILLISECONDS = 20
_LONGEST_EXCERPT = 160
_SIZE = ViewportSize(width=1280, height=1000)
_IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


class LeftOut(Exception):
    """What cannot be done on this stack, and why."""


def reach(tab: Page, address: str, look: Look) -> float:
    """Get it on the screen; return the seconds from the title of its page on.

    Raises:
        LeftOut: If the page has come to rest without it, or has not after 30 seconds.
    """
    tab.goto(f"{address}/{look.page}")
    tab.locator("h1").first.wait_for()
    started = time.perf_counter()
    for find in look.clicks:
        _require(tab, find(tab).first, look)
        find(tab).first.click()
    _require(tab, tab.locator(look.answer).first, look)
    return time.perf_counter() - started


def _require(tab: Page, target: Locator, look: Look) -> None:
    """Wait until it can be seen and used, or until the page has stood still without it."""
    give_up = time.monotonic() + _SECONDS
    still_since = None
    while time.monotonic() < give_up:
        if target.is_visible() and target.is_enabled():
            return
        if not tab.locator(_IDLE).count():
            still_since = None
        elif still_since is None:
            still_since = time.monotonic()
        elif time.monotonic() > still_since + _STILL_SECONDS:
            break
        tab.wait_for_timeout(_POLL_MILLISECONDS)
    raise LeftOut(f"it needs {look.needs}. The page says: {_excerpt(tab)}")


def _excerpt(tab: Page) -> str:
    """Quote a page: its title, and what its boxes say."""
    texts = (*tab.locator("h1").all_inner_texts(), *tab.get_by_test_id("stAlert").all_inner_texts())
    return ". ".join(" ".join(text.split()) for text in texts)[:_LONGEST_EXCERPT]


def keep_picture(tab: Page, folder: Path | None, name: str, middle: str = "") -> None:
    """Keep what the tab shows once it is drawn, where a folder is named.

    Args:
        tab: What is looked at.
        folder: Takes up the picture; None keeps none.
        name: Of the picture; empty keeps none.
        middle: Selector of what is to be in its middle; empty is the top of the page.
    """
    if folder is None or not name:
        return
    tab.locator(_IDLE).wait_for()
    tab.wait_for_function("document.getAnimations().length === 0")
    tab.mouse.move(0, 0)
    if middle:
        tab.locator(middle).first.evaluate("node => node.scrollIntoView({block: 'center'})")
    tab.screenshot(path=folder / f"{name}.png")


def measure(tab: Page, address: str, pictures: Path | None) -> dict[str, tuple[int, float]]:
    """Do every job and say how it went; return clicks and seconds of those that were done."""
    results = {}
    for look in (*JOBS, *(PICTURES if pictures is not None else ())):
        name = look.question or f"Picture of {look.picture}"
        try:
            seconds = reach(tab, address, look)
            keep_picture(tab, pictures, look.picture, look.answer if look.is_scrolled else "")
        except (LeftOut, Error) as error:
            print(f"{name:48} left out: {error}", flush=True)
            continue
        print(f"{name:48} {len(look.clicks)} clicks {seconds:6.1f} s", flush=True)
        if look.question:
            results[look.name] = len(look.clicks), seconds
    return results


def _visit(browser: Browser, address: str, pictures: Path | None) -> dict[str, tuple[int, float]]:
    """Look at the login, log in, and do the jobs."""
    tab = browser.new_page(viewport=_SIZE)
    tab.set_default_timeout(_SECONDS * 1000)
    tab.goto(address)
    tab.get_by_label("Your name").wait_for()
    keep_picture(tab, pictures, "login")
    session = Accounts().session(Person("benchmark", Role.EDITOR))
    tab.context.add_cookies([{"name": "digits-session", "value": session, "url": address}])
    return measure(tab, address, pictures)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="folder that takes up a picture of each page")
    arguments = parser.parse_args()
    with served(["dashboard"]) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        results = _visit(browser, address, arguments.pictures)
        browser.close()
    print(
        json.dumps(
            {
                name: {"clicks": clicks, "seconds": round(seconds, 2)}
                for name, (clicks, seconds) in results.items()
            }
        )
    )


if __name__ == "__main__":
    main()
