"""A worker killed with SIGKILL at each step of the pipeline, and what the next one finds."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from mnist.settings import Settings
from mnist.storage.results import Results
from tests.chaos.faults import PART, nth
from tests.chaos.outcomes import Outcome, count, images_read, read_again
from tests.chaos.proxy import faulty
from tests.chaos.worker import start, work
from tests.factories import OneModel

_JOIN_SECONDS = 60


@dataclass(frozen=True)
class Step:
    """A request by which a step of the pipeline is known, and whether the store still hears it."""

    name: str
    when: str
    method: str
    path: str
    number: int = 1
    since: str = ""

    def __str__(self) -> str:
        """Name it in the table and in the test's id."""
        return f"SIGKILL: {self.name}"


_RECEIPT, _LEASE = r"/receipts/.*\.json$", r"/leases/"

STEPS = (
    Step("has taken the lease", "after", "PUT", _LEASE),
    Step("looks up what is recorded", "before", "GET", r"^/results-\w+/?$"),
    Step("lists what was dropped", "before", "GET", r"^/inbox-\w+/?$"),
    Step("reads an image of chunk 3", "before", "GET", r"/b/024\.png$"),
    Step("has computed chunk 3", "before", "PUT", PART, 3),
    Step("has recorded chunk 3", "after", "PUT", PART, 3),
    Step("has recorded the last chunk", "after", "PUT", PART, 5),
    Step("reads the rows back", "before", "GET", PART, 2),
    Step("is about to write the receipt", "before", "PUT", _RECEIPT),
    Step("has written the receipt", "after", "PUT", _RECEIPT),
    Step("gives the lease back", "before", "PUT", _LEASE, since=_RECEIPT),
)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_the_next_worker_makes_good_what_a_killed_one_left(
    step: Step,
    settings: Settings,
    dropped: int,
    results: Results,
    survived: Callable[[Outcome], None],
    tmp_path: Path,
) -> None:
    registry = OneModel(tmp_path)
    assert settings.s3_endpoint_url
    choice = nth(step.number, step.method, step.path, step.since)
    with faulty(settings.s3_endpoint_url, step.when, choice) as proxy:
        faced = settings.model_copy(update={"s3_endpoint_url": proxy.url})
        victim = start(faced, partial(OneModel, tmp_path), "run-1")
        proxy.happens = victim.kill
        victim.join(_JOIN_SECONDS)
        assert victim.exitcode == -signal.SIGKILL
        receipt = work(faced, registry, "run-2")
        rework, injected = read_again(images_read(proxy), dropped), proxy.injected
    assert receipt.verdict == "complete"
    survived(count(str(step), results, injected=injected, runs=2, rework_chunks=rework))
