"""The faults that are injected, and what is counted after each."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist.operations.batches import BatchScoring
from mnist.scoring.verification import find_problems
from mnist.storage.results import Results
from tests.chaos.proxy import Choice, faulty

_ATTEMPTS = 5


@dataclass(frozen=True)
class Scenario:
    """A fault, and which requests it hits."""

    fault: str
    where: str
    choice: Choice

    def __str__(self) -> str:
        """Name it in the table and in the test's id."""
        return f"{self.fault} {self.where}"


@dataclass(frozen=True)
class Outcome:
    """What is left when a batch has been scored through a fault."""

    scenario: str
    injected: int
    runs: int
    listed: int
    lost: int
    doubled: int
    rework_chunks: int
    problems: tuple[str, ...]


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
    chunks = 0
    with faulty(store_url, scenario.fault, scenario.choice) as proxy:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                scoring = scoring_at(proxy.url)
                begun = scoring.begin("b", f"run-{attempt}")
                for chunk in scoring.chunks(begun):
                    chunks += 1
                    begun.note(scoring.score(chunk))
                receipt = scoring.close(begun)
            except failure:
                continue
            if receipt.verdict == "complete":
                break
        injected = proxy.injected
    last = results.receipts("b")[-1]
    rows = results.rows("b")["identity"].to_pylist()
    return Outcome(
        scenario=str(scenario),
        injected=injected,
        runs=attempt,
        listed=last.listing.count,
        lost=last.listing.count - len(rows),
        doubled=len(rows) - len(set(rows)),
        rework_chunks=chunks - len(results.part_keys("b")),
        problems=find_problems(last, results.parts("b")),
    )


def report(outcomes: Sequence[Outcome]) -> None:
    """Write the table, and its sums as one line of JSON, where `make chaos` wants them."""
    lines = [f"{'fault':28}{'injected':>10}{'runs':>6}{'lost':>6}{'doubled':>9}{'re-work':>9}"]
    lines += [
        f"{each.scenario:28}{each.injected:>10}{each.runs:>6}{each.lost:>6}{each.doubled:>9}"
        f"{each.rework_chunks:>9}"
        for each in outcomes
    ]
    sums = {
        "faults": sum(each.injected for each in outcomes),
        "survived": sum(not each.problems and not each.lost for each in outcomes),
        "lost": sum(each.lost for each in outcomes),
        "doubled": sum(each.doubled for each in outcomes),
        "max_rework_chunks": max((each.rework_chunks for each in outcomes), default=0),
    }
    text = "\n".join([*lines, json.dumps(sums)]) + "\n"
    if file := os.environ.get("CHAOS_TABLE"):
        Path(file).write_text(text)
    else:
        sys.stdout.write(text)
