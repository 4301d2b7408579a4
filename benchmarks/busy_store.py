"""A store as after twelve busy days, and every page over it: how it looks, and what it breaks.

    . .local/env && python -m benchmarks.busy_store [--rows 100000] [--pictures FOLDER]

Buckets of their own beside those of the running stack, which has a champion: its journal is copied,
200 batches are put into the inbox and scored by the steps that the watcher takes, at times of the
last twelve days, and every day is compared with the first ones. Some batches have rejects, one has
failed, two wait, one day another scanner was used, and one batch has 100,000 images. What is there
already is not made again. Then each page is looked at in Chromium, light and dark, wide and narrow:
seconds to its last element, how much is wider than the window, and findings of axe-core that are
serious. The last line is one JSON object: the findings.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self
from unittest.mock import patch

import cv2
import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, sync_playwright

from benchmarks.dashboard import served
from benchmarks.large_batch import archive
from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role
from mnist.data.datasets import load_dataset
from mnist.digits import Images
from mnist.services import Services
from mnist.settings import load_settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client

_BLANK = cv2.imencode(".png", np.full((200, 200), 255, np.uint8))[1].tobytes()
_DAYS = 12
_BATCHES = 200
_FAILED_EVERY, _CHANGED_DAY = 60, 2
_LARGE = "large-archive"
_COPIED = ("journal/", "acceptance/", "public-keys/")
_CLOCKS = ("operations.batch_runs", "scoring.chunks", "scoring.picture_rows")
_KINDS = ("INBOX", "RESULTS", "LABELS")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
_PAGES = (
    *("", "batches", f"batches?batch={_LARGE}", "errors", "review", "labels", "champion"),
    *("decisions", "compare", "drift", "data", "values", "draw"),
    *("errors?of=training+images", "image?test=247"),
)
_SIZES = ((1440, 1000), (390, 844))
_GRAVE = {"serious", "critical"}


@contextmanager
def _days_ago(days: float) -> Iterator[None]:
    """Have scoring write its times as it would have so many days ago."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) - timedelta(days=days)

    with ExitStack() as stack:
        for module in _CLOCKS:
            stack.enter_context(patch(f"mnist.{module}.datetime", Then))
        yield


def fill(services: Services, rows: int) -> None:
    """Put the batches into the inbox and score them, as far as that has not been done."""
    images = load_dataset(services.settings.data_dir).test.images
    inbox = services.bucket(services.settings.inbox_bucket)
    done = set(services.results.latest_receipts().by_batch)
    for number in range(_BATCHES - 3):
        name, days = f"scans-{number:03d}", _DAYS * (1 - number / _BATCHES)
        if name not in done:
            _put(inbox, name, number, days, images)
            with _days_ago(days):
                services.batch_scoring.run(name, f"busy-{number}")
    if _LARGE not in done:
        inbox.put(f"{_LARGE}/images.zip", archive(images, rows))
        services.batch_scoring.run(_LARGE, "busy-large")
    for name in ("waiting-1", "waiting-2"):
        inbox.put(f"{name}/images.zip", archive(images[:20], 20))
    if not services.monitoring_log.reports.entries(last=1).by_key:
        _compare_days(services)


def _compare_days(services: Services) -> None:
    """Compare each day with the days before the first of them, as `monitor` does."""
    today = datetime.now(UTC).date()
    for days in range(_DAYS - 4, -1, -1):
        day = today - timedelta(days=days)
        reference = services.monitoring.reference(day, renew=False)
        services.monitoring.record(services.monitoring.compare(day, reference), f"busy-{day}")


def _put(inbox: Bucket, name: str, number: int, days: float, images: Images) -> None:
    """Put a batch of 20-59 images into the inbox, some of them spoilt."""
    rng = np.random.default_rng(number)
    count = int(rng.integers(20, 60))
    chosen = images[rng.choice(len(images), count, replace=False)]
    if int(days) == _CHANGED_DAY:  # another scanner: pale ink on a grey ground
        chosen = np.asarray(90 + chosen // 3, np.uint8)
    inbox.put(f"{name}/images.zip", archive(chosen, count))
    spoilt = 2 * count if number % _FAILED_EVERY == _FAILED_EVERY - 1 else int(rng.integers(0, 3))
    for place in range(spoilt):
        blank = place % 2 == 0
        inbox.put(f"{name}/{place}.{'png' if blank else 'txt'}", _BLANK if blank else b"no image")


def look(tab: Page, address: str, page: str) -> dict[str, object]:
    """Wait for a page; return its seconds, what of it is wider than the window, and findings."""
    started = time.perf_counter()
    tab.goto(f"{address}/{page}")
    tab.locator("h1").first.wait_for()
    tab.locator(_IDLE).wait_for()
    seconds = time.perf_counter() - started
    tab.wait_for_timeout(1_000)  # what is drawn by the browser itself, such as tables
    wider = tab.evaluate(
        "Math.max(0, document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth)"
    )
    violations = Axe().run(tab).response["violations"]
    grave = [found["id"] for found in violations if found["impact"] in _GRAVE]
    return {"seconds": round(seconds, 2), "wider": wider, "violations": grave}


def looks(address: str, pictures: Path | None) -> dict[str, dict[str, object]]:
    """Look at every page in every way, and say what was found."""
    results = {}
    session = Accounts().session(Person("benchmark", Role.EDITOR))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        for scheme in ("light", "dark"):
            for width, height in _SIZES:
                size: ViewportSize = {"width": width, "height": height}
                tab = browser.new_page(viewport=size, color_scheme=scheme)
                tab.set_default_timeout(60_000)
                tab.context.add_cookies(
                    [{"name": "digits-session", "value": session, "url": address}]
                )
                for page in _PAGES:
                    name = f"{page.replace('?', '-') or 'overview'} {scheme} {width}"
                    results[name] = look(tab, address, page)
                    print(f"{name:40} {results[name]}", flush=True)
                    if pictures is not None:
                        tab.screenshot(path=pictures / f"{name.replace(' ', '-')}.png")
                tab.close()
        browser.close()
    return results


def main() -> None:
    """Fill, look, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="images of the large batch")
    parser.add_argument("--pictures", type=Path, help="folder that takes up a picture of each look")
    arguments = parser.parse_args()
    stack = load_settings()
    names = {f"MNIST_{kind}_BUCKET": f"busy-{kind.lower()}" for kind in _KINDS}
    client = control_client(stack)
    there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    for name in sorted({*names.values()} - there):
        client.create_bucket(Bucket=name)
    os.environ |= names
    services = Services(load_settings())
    source = Bucket.on_s3(stack, stack.results_bucket)
    for version in (v for prefix in _COPIED for page in source.versions(prefix) for v in page):
        services.results_bucket.create(version.key, source.fetch(version.key))
    started = time.perf_counter()
    fill(services, arguments.rows)
    print(f"Filled in {time.perf_counter() - started:.0f} s.", flush=True)
    with served(["dashboard"]) as address:
        print(json.dumps(looks(address, arguments.pictures)))


if __name__ == "__main__":
    main()
