"""Answers of the store that are spoiled, and a batch that is scored through them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mnist.operations.batches import BatchScoring
from mnist.scoring.chunks import Chunk, RecordedChunk, ScoreChunk
from mnist.storage.results import Results
from tests.chaos.outcomes import BATCH, Outcome, count
from tests.chaos.proxy import Choice, faulty

PART = r"/scores/.*\.parquet$"

_ATTEMPTS = 5


@dataclass(frozen=True)
class Scenario:
    """A fault, and which requests it hits."""

    fault: str
    where: str
    choice: Choice

    def __str__(self) -> str:
        """Name it in the table and in the test's id."""
        return f"{self.fault}: {self.where}"


def _image(method: str, path: str, _time: int) -> bool:
    return method == "GET" and path.endswith("7.png")


def _image_once(method: str, path: str, time: int) -> bool:
    return time == 1 and _image(method, path, time)


def _first_listing(method: str, path: str, time: int) -> bool:
    return method == "GET" and path.count("/") <= 2 and "." not in path and time == 1


def _first_part(method: str, path: str, time: int) -> bool:
    return method == "PUT" and path.endswith(".parquet") and time == 1


def _receipt(method: str, path: str, time: int) -> bool:
    return method == "PUT" and "/receipts/" in path and time == 1


def _part_read(method: str, path: str, time: int) -> bool:
    return method == "GET" and path.endswith(".parquet") and time == 1


def nth(number: int, method: str, path: str, since: str = "") -> Choice:
    """Pick one request: the one of that number with this path, once one like `since` was seen."""
    started, matching = not since, 0

    def choose(asked_method: str, asked_path: str, _time: int) -> bool:
        nonlocal started, matching
        if started and asked_method == method and re.search(path, asked_path):
            matching += 1
            return matching == number
        started = started or bool(re.search(since, asked_path))
        return False

    return choose


def recording_of(chunk: int) -> Choice:
    """Pick the request by which the chunk of that number is recorded."""
    return nth(chunk, "PUT", PART)


FAULTS = (
    Scenario("slow-down", "images once", _image_once),
    Scenario("slow-down", "a listing", _first_listing),
    Scenario("slow-down", "each part", _first_part),
    Scenario("error-after", "each part", _first_part),
    Scenario("error-after", "the receipt", _receipt),
    Scenario("reset", "images once", _image_once),
    Scenario("reset", "each part", _first_part),
    Scenario("stall", "an image", lambda m, p, t: p.endswith("/017.png") and _image_once(m, p, t)),
    Scenario("truncated", "images once", _image_once),
    Scenario("truncated", "reading parts", _part_read),
    Scenario("wrong-etag", "images once", _image_once),
)


def endure(
    scenario: Scenario,
    store_url: str,
    scoring_at: Callable[[str], BatchScoring],
    results: Results,
    failure: type[Exception],
) -> Outcome:
    """Score a batch through a fault, again and again as the sweep would, and count what is left."""
    scored: list[str] = []

    def counting(score: ScoreChunk, chunks: Iterable[Chunk]) -> Iterator[RecordedChunk]:
        for chunk in chunks:
            scored.append(chunk.name)
            yield score(chunk)

    with faulty(store_url, scenario.fault, scenario.choice) as proxy:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                scoring = scoring_at(proxy.url)
                receipt = scoring.run(BATCH, f"run-{attempt}", map=counting).receipt
            except failure:
                continue
            if receipt is not None and receipt.verdict == "complete":
                break
        injected = proxy.injected
    rework = len(scored) - len(results.part_keys(BATCH))
    return count(str(scenario), results, injected=injected, runs=attempt, rework_chunks=rework)
