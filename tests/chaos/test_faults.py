"""Whatever the store answers, every object version ends in one row and the receipt verifies."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist.errors import MnistError
from mnist.operations.batches import BatchScoring
from mnist.settings import Settings
from mnist.storage.results import Results
from tests.chaos.faults import FAULTS, Scenario, endure
from tests.chaos.outcomes import Outcome
from tests.chaos.worker import scoring_of
from tests.factories import OneModel


@pytest.mark.parametrize("scenario", FAULTS, ids=str)
def test_nothing_is_lost_and_nothing_twice(
    scenario: Scenario,
    settings: Settings,
    dropped: int,
    results: Results,
    survived: Callable[[Outcome], None],
    tmp_path: Path,
) -> None:
    def scoring_at(url: str) -> BatchScoring:
        faced = settings.model_copy(update={"s3_endpoint_url": url})
        return scoring_of(faced, OneModel(tmp_path))

    assert settings.s3_endpoint_url
    survived(endure(scenario, settings.s3_endpoint_url, scoring_at, results, MnistError))
