"""A worker killed with SIGKILL within a batch of sheets: the next one finds every place once."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results
from tests.chaos.faults import PART, nth
from tests.chaos.outcomes import BATCH, Outcome, count
from tests.chaos.proxy import faulty
from tests.chaos.test_killed_worker import Step
from tests.chaos.worker import start, work
from tests.factories import OneModel
from tests.sheets import layout, png_of, sheet

_JOIN_SECONDS = 60
_SHEETS = 4
_CELLS = [[1, None, 3], [4, 5, 6], [7, 8, None], [0, 2, 9]]

STEPS = (
    Step("keeps the layout", "before", "PUT", r"/layouts/.*\.json$"),
    Step("reads a sheet", "before", "GET", r"/b/sheet-2\.png$"),
    Step("has computed the cells of a sheet", "before", "PUT", PART, 3),
    Step("has recorded the cells of a sheet", "after", "PUT", PART, 3),
)


@pytest.fixture
def sheets(inbox_bucket: Bucket) -> int:
    """A batch of sheets; how many places they have."""
    inbox_bucket.put(f"{BATCH}/_LAYOUT.json", layout(grid=[4, 3]))
    for number in range(_SHEETS):
        inbox_bucket.put(f"{BATCH}/sheet-{number}.png", png_of(sheet(_CELLS)))
    return _SHEETS * 12


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_every_place_of_every_sheet_has_one_row_after_a_kill(
    step: Step,
    settings: Settings,
    sheets: int,
    results: Results,
    survived: Callable[[Outcome], None],
    tmp_path: Path,
) -> None:
    registry = OneModel(tmp_path)
    assert settings.s3_endpoint_url
    choice = nth(step.number, step.method, step.path)
    with faulty(settings.s3_endpoint_url, step.when, choice) as proxy:
        faced = settings.model_copy(update={"s3_endpoint_url": proxy.url})
        victim = start(faced, partial(OneModel, tmp_path), "run-1")
        proxy.happens = victim.kill
        victim.join(_JOIN_SECONDS)
        assert victim.exitcode == -signal.SIGKILL
        receipt = work(faced, registry, "run-2")
        fetched = proxy.asked("GET", r"/b/sheet-\d\.png$")
        injected = proxy.injected
    assert receipt.verdict == "complete"
    assert receipt.listing.count == sheets
    assert {str(name): n for name, n in receipt.outcomes.items()} == {"empty": 8, "scored": 40}
    survived(
        count(
            f"{step}, of sheets",
            results,
            injected=injected,
            runs=2,
            rework_chunks=fetched - _SHEETS,
        )
    )
