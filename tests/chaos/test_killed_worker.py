"""A worker killed with SIGKILL at each step of the pipeline, and what the next one finds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist.settings import Settings
from mnist.storage.results import Results
from tests.chaos.faults import PART
from tests.chaos.killing import Step, killed_at
from tests.chaos.outcomes import Outcome, count, images_read, read_again

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
    with killed_at(step, settings, tmp_path) as (receipt, proxy):
        rework, injected = read_again(images_read(proxy), dropped), proxy.injected
    assert receipt.verdict == "complete"
    survived(count(str(step), results, injected=injected, runs=2, rework_chunks=rework))
