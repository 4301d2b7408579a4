"""What is counted after each fault, and the table of all of them."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist.scoring.verification import find_problems
from mnist.storage.results import Results
from tests.chaos.proxy import FaultyProxy

BATCH = "b"
CHUNK_IMAGES = 10


@dataclass(frozen=True)
class Outcome:
    """What is left when a batch has been scored through a fault.

    Attributes:
        scenario: The fault.
        injected: How often it happened.
        runs: Runs over the batch until its receipt was complete.
        listed: Object versions that the last receipt lists.
        lost: Those of them without a row.
        doubled: Rows too many.
        rework_chunks: Chunks whose images were read more than once.
        problems: What the last receipt states and the store does not bear out.
    """

    scenario: str
    injected: int
    runs: int
    listed: int
    lost: int
    doubled: int
    rework_chunks: int
    problems: tuple[str, ...]

    @property
    def is_survived(self) -> bool:
        """Tell whether nothing of it is left."""
        return not (self.lost or self.doubled or self.problems or self.rework_chunks > 1)


def count(
    scenario: str, results: Results, *, injected: int, runs: int, rework_chunks: int
) -> Outcome:
    """Hold the last receipt and the rows of the batch against each other."""
    last = results.receipts(BATCH)[-1]
    unlisted = {version.identity for version in last.unlisted}
    rows = [row for row in results.rows(BATCH)["identity"].to_pylist() if row not in unlisted]
    return Outcome(
        scenario=scenario,
        injected=injected,
        runs=runs,
        listed=last.listing.count,
        lost=last.listing.count - len(set(rows)),
        doubled=len(rows) - len(set(rows)),
        rework_chunks=rework_chunks,
        problems=find_problems(last, results.parts(BATCH)),
    )


def images_read(proxy: FaultyProxy) -> int:
    """Count how often an image of the batch was asked for."""
    return proxy.asked("GET", rf"^/inbox-\w+/{BATCH}/.")


def read_again(read: int, images: int) -> int:
    """Count in chunks how many images were read more often than once."""
    return math.ceil((read - images) / CHUNK_IMAGES)


def report(outcomes: Sequence[Outcome]) -> None:
    """Write the table, and its sums as one line of JSON, where `make chaos` wants them."""
    heads = ("injected", "runs", "listed", "lost", "doubled", "re-work")
    width = max((len(each.scenario) for each in outcomes), default=0) + 2
    lines = [f"{'fault':{width}}" + "".join(f"{head:>10}" for head in heads)]
    for each in outcomes:
        numbers = (each.injected, each.runs, each.listed, each.lost, each.doubled)
        cells = "".join(f"{number:>10}" for number in (*numbers, each.rework_chunks))
        lines.append(f"{each.scenario:{width}}{cells}")
    sums = {
        "faults": sum(each.injected for each in outcomes),
        "survived": sum(each.injected for each in outcomes if each.is_survived),
        "lost": sum(each.lost for each in outcomes),
        "doubled": sum(each.doubled for each in outcomes),
        "max_rework_chunks": max((each.rework_chunks for each in outcomes), default=0),
    }
    text = "\n".join([*lines, json.dumps(sums)]) + "\n"
    if file := os.environ.get("CHAOS_TABLE"):
        Path(file).write_text(text)
    else:
        sys.stdout.write(text)
