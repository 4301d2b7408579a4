"""Whatever the store answers, every object version ends in one row and the receipt verifies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist.errors import MnistError
from mnist.operations.batches import BatchScoring
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.inbox import Inbox
from mnist.storage.results import Results
from tests.chaos.faults import FAULTS, Outcome, Scenario, endure, report
from tests.factories import OneModel, png

_IMAGES = 40
_OUTCOMES: list[Outcome] = []


@pytest.fixture(scope="module", autouse=True)
def _table() -> Iterator[None]:
    yield
    report(_OUTCOMES)


@pytest.mark.parametrize("scenario", FAULTS, ids=str)
def test_nothing_is_lost_and_nothing_twice(
    scenario: Scenario, settings: Settings, inbox_bucket: Bucket, results: Results, tmp_path: Path
) -> None:
    for index in range(_IMAGES):
        inbox_bucket.drop(f"b/{index:03d}.png", png(index % 10, mark=index))
    inbox_bucket.drop("b/broken.png", b"no image")

    def scoring_at(url: str) -> BatchScoring:
        faced = settings.model_copy(update={"s3_endpoint_url": url})
        inbox = Inbox(Bucket.on_s3(faced, settings.inbox_bucket))
        behind = Results(Bucket.on_s3(faced, settings.results_bucket))
        return BatchScoring(faced, inbox, behind, OneModel(tmp_path))

    assert settings.s3_endpoint_url
    outcome = endure(scenario, settings.s3_endpoint_url, scoring_at, results, MnistError)
    _OUTCOMES.append(outcome)
    assert outcome.injected > 0, "the fault never happened"
    assert outcome.listed == _IMAGES + 1
    assert (outcome.lost, outcome.doubled, outcome.problems) == (0, 0, ())
    assert outcome.rework_chunks <= 1
