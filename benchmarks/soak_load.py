"""Everyday load on a running stack: folders dropped, API asked, pages opened, models retrained."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType

import httpx
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright

from dashboard.access.accounts import Accounts
from dashboard.access.people import Person, Role
from infra.demo_images import demonstration_images
from infra.prefect_server import prefect_api
from mnist.data.datasets import load_dataset
from mnist.errors import Unavailable
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results

IMAGES = 20
_PAGES = ("", "batches", "errors", "compare", "data")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_SETTLE_SECONDS = 180.0


@dataclass(frozen=True)
class Pauses:
    """Seconds between two folders, requests, pages and retrainings."""

    drop: float
    request: float
    look: float
    retrain: float


class Load:
    """Puts load on the stack while a `with` block runs; then says what came of it.

    Args:
        settings: Of the stack.
        variables: As in `.local/env`.
        pauses: How much load.
    """

    def __init__(self, settings: Settings, variables: Mapping[str, str], pauses: Pauses) -> None:
        self._settings = settings
        self._variables = variables
        self._done = threading.Event()
        self._sums: Counter[str] = Counter()
        self._batches: dict[str, int] = {}
        test = load_dataset(settings.data_dir).test
        self._images = list(demonstration_images(test, IMAGES))[:IMAGES]
        kinds = (
            (self._drops, pauses.drop),
            (self._requests, pauses.request),
            (self._looks, pauses.look),
            (self._retrainings, pauses.retrain),
        )
        self._threads = [threading.Thread(target=kind, args=(pause,)) for kind, pause in kinds]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def so_far(self) -> str:
        """Say how much there was."""
        return ", ".join(f"{count} {name}" for name, count in sorted(self._sums.items()))

    def outcome(self) -> dict[str, int]:
        """Wait until every folder has its receipt, and count what is missing.

        Raises:
            Unavailable: If one has none after three minutes.
        """
        results = Results(Bucket.on_s3(self._settings, self._settings.results_bucket))
        deadline = time.monotonic() + _SETTLE_SECONDS
        while self._batches.keys() - results.latest_receipts().by_batch.keys():
            if time.monotonic() > deadline:
                raise Unavailable(f"A folder has no receipt after {_SETTLE_SECONDS:.0f} s.")
            time.sleep(1)
        rows = sum(results.rows(batch).num_rows for batch in self._batches)
        images = sum(self._batches.values())
        names = ("api_requests", "api_errors", "page_views", "page_errors")
        counts = {"batches": len(self._batches), "images": images, "lost": images - rows}
        return counts | {name: self._sums[name] for name in names} | {"retrainings": self._ended()}

    def _ended(self) -> int:
        wanted = {
            "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
            "flows": {"name": {"any_": ["retrain"]}},
        }
        completed = int(prefect_api(self._variables).request("POST", "/flow_runs/count", wanted))
        return completed - 1  # the champion's

    def _again_and_again(self, pause: float, act: Callable[[int], None]) -> None:
        for number in itertools.count():
            if self._done.is_set():
                return
            act(number)
            self._done.wait(pause)

    def _drops(self, pause: float) -> None:
        inbox = Bucket.on_s3(self._settings, self._settings.inbox_bucket)

        def drop(number: int) -> None:
            batch = f"soak-{number:05d}"
            for name, content in self._images:
                inbox.put(f"{batch}/{name}", content)
            self._batches[batch] = len(self._images)
            self._sums["batches"] += 1

        self._again_and_again(pause, drop)

    def _requests(self, pause: float) -> None:
        address = f"http://127.0.0.1:{self._variables['MNIST_API_PORT']}"
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as api:

            def ask(number: int) -> None:
                name, content = self._images[number % len(self._images)]
                try:
                    answer = api.post("/predict", files={"file": (name, content)})
                    self._sums["api_errors"] += not answer.is_success
                except httpx.HTTPError:
                    self._sums["api_errors"] += 1
                self._sums["api_requests"] += 1

            self._again_and_again(pause, ask)

    def _looks(self, pause: float) -> None:
        address = f"http://127.0.0.1:{self._variables['STREAMLIT_SERVER_PORT']}"
        session = Accounts().session(Person("soak", Role.VIEWER))
        with sync_playwright() as playwright, ExitStack() as cleanup:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=_FLAGS
            )
            cleanup.callback(browser.close)
            tab = browser.new_page()
            tab.context.add_cookies([{"name": "digits-session", "value": session, "url": address}])

            def look(number: int) -> None:
                try:
                    tab.goto(f"{address}/{_PAGES[number % len(_PAGES)]}")
                    tab.locator("h1").first.wait_for()
                    self._sums["page_errors"] += tab.get_by_test_id("stException").count()
                except BrowserError:
                    self._sums["page_errors"] += 1
                self._sums["page_views"] += 1

            self._again_and_again(pause, look)

    def _retrainings(self, pause: float) -> None:
        def retrain(number: int) -> None:
            command = [
                "prefect",
                "deployment",
                "run",
                "retrain/default",
                "-p",
                f"seed={number + 1}",
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            self._sums["retrainings_asked"] += 1

        self._again_and_again(pause, retrain)
