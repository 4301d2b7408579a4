"""A worker killed with SIGKILL within a batch of sheets: the next one finds every place once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results
from tests.chaos.faults import PART
from tests.chaos.killing import Step, killed_at
from tests.chaos.outcomes import BATCH, Outcome, count
from tests.sheets import layout, png_of, sheet

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
    with killed_at(step, settings, tmp_path) as (receipt, proxy):
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
