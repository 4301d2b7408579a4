"""What the daily jobs take on the dashboard, in Chromium: clicks, seconds, a picture of each.

    . .local/env && python -m benchmarks.dashboard_jobs [--pictures docs/images]

Starts a dashboard of its own over the running stack, as an editor who labels nothing, and does
each job from the first screen, or from the page in the menu that it is about. A job whose data is
missing (no failed batch, no drift) is named as left out. With `--pictures`, each page is kept as a
PNG. The last line is one JSON object: clicks and seconds of each job.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, sync_playwright

from benchmarks.dashboard import served
from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_TILE = ".tile"
_ASKED = "text=Which digit do you see?"
_SECONDS = 30
_LOOK_SECONDS = 10
_SIZE = {"width": 1200, "height": 760}
_IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@dataclass(frozen=True)
class Job:
    """One question of the morning.

    Attributes:
        name: Of its picture.
        question: For people.
        page: Where it begins; empty is the first screen.
        clicks: What is clicked, one after the other.
        answer: What has to be on the page in the end.
    """

    name: str
    question: str
    page: str
    clicks: Sequence[Callable[[Page], Locator]]
    answer: str


def _number(label: str) -> Callable[[Page], Locator]:
    """Find the button of a number of the first screen."""

    def find(tab: Page) -> Locator:
        metric = tab.get_by_test_id("stMetric").filter(has_text=label)
        button = tab.get_by_role("button", name="Show", exact=True)
        cards = tab.get_by_test_id("stVerticalBlock").filter(has=metric).filter(has=button)
        return cards.last.get_by_role("button", name="Show", exact=True)

    return find


def _tile(tab: Page) -> Locator:
    return tab.locator(".tile button").first


JOBS = (
    Job("failed-batch", "Which images of a failed batch?", "", [_number("Failed")], _TILE),
    Job(
        "rejected-image", "Why was one rejected?", "", [_number("Failed"), _tile], "text=What to do"
    ),
    Job("for-review", "What waits for a look?", "", [_number("For review")], _ASKED),
    Job("drift", "What has drifted, and what does it look like?", "", [_number("Drift")], _TILE),
    Job("decisions", "Why was it refused?", "", [_number("Last retraining")], "text=Gates failed"),
    Job(
        "confused-cell",
        "What is confused most?",
        "errors",
        [lambda tab: tab.locator("button.cell[data-kind=wrong]").first],
        _TILE,
    ),
    Job(
        "selection",
        "Have this selection looked at",
        "batches",
        [lambda tab: tab.get_by_role("button", name="Review this selection")],
        _ASKED,
    ),
    Job("labels", "What did we answer?", "labels", [_tile], "text=What do you see now?"),
    Job(
        "thresholds", "What would another threshold accept?", "compare", [], "text=wrong among them"
    ),
)


def do(tab: Page, address: str, job: Job) -> tuple[int, float] | None:
    """Do a job; return how many clicks and seconds it took, None if its data is missing."""
    tab.goto(f"{address}/{job.page}")
    tab.locator("h1").first.wait_for()
    started = time.perf_counter()
    try:
        for find in job.clicks:
            find(tab).first.click(timeout=_LOOK_SECONDS * 1000)
        tab.locator(job.answer).first.wait_for()
    except Error:
        return None
    return len(job.clicks), time.perf_counter() - started


def picture(tab: Page, folder: Path, name: str) -> None:
    """Keep what the tab shows once it is drawn."""
    tab.locator(_IDLE).wait_for()
    tab.wait_for_function("document.getAnimations().length === 0")
    tab.screenshot(path=folder / f"{name}.png")


def measure(tab: Page, address: str, pictures: Path | None) -> dict[str, tuple[int, float] | None]:
    """Do every job, the answer of each kept as a picture if a folder is named."""
    results = {}
    for job in JOBS:
        results[job.name] = do(tab, address, job)
        if pictures is not None and results[job.name] is not None:
            picture(tab, pictures, job.name)
    return results


def show(results: dict[str, tuple[int, float] | None]) -> None:
    """Print a table for people and one JSON object."""
    for job in JOBS:
        result = results[job.name]
        took = (
            "left out: no such data" if result is None else f"{result[0]} clicks {result[1]:6.1f} s"
        )
        print(f"{job.question:48} {took}")
    taken = {name: result for name, result in results.items() if result is not None}
    print(
        json.dumps(
            {
                name: {"clicks": clicks, "seconds": round(seconds, 2)}
                for name, (clicks, seconds) in taken.items()
            }
        )
    )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="folder that takes up a picture of each page")
    arguments = parser.parse_args()
    session = Accounts().session(Person("benchmark", Role.EDITOR))
    with served(["dashboard"]) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        tab = browser.new_page(viewport=_SIZE)
        tab.set_default_timeout(_SECONDS * 1000)
        tab.context.add_cookies([{"name": "digits-session", "value": session, "url": address}])
        results = measure(tab, address, arguments.pictures)
        browser.close()
    show(results)


if __name__ == "__main__":
    main()
