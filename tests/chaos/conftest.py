"""A batch for every fault, and one table for all of them."""

from collections.abc import Callable, Iterator

import pytest

from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from tests.chaos.outcomes import BATCH, Outcome, report
from tests.chaos.proxy import FaultyProxy, faulty
from tests.factories import png
from tests.flows.conftest import wired  # noqa: F401 -- a fixture

_IMAGES = 40


@pytest.fixture(scope="session")
def _outcomes() -> Iterator[list[Outcome]]:
    found: list[Outcome] = []
    yield found
    report(found)


@pytest.fixture
def survived(_outcomes: list[Outcome]) -> Callable[[Outcome], None]:
    """Put an outcome into the table, and hold it against what was promised."""

    def check(outcome: Outcome) -> None:
        _outcomes.append(outcome)
        assert outcome.injected > 0, "the fault never happened"
        assert outcome.listed >= _IMAGES + 1
        assert (outcome.lost, outcome.doubled, outcome.problems) == (0, 0, ())
        assert outcome.rework_chunks <= 1

    return check


@pytest.fixture
def dropped(inbox_bucket: Bucket) -> int:
    """A batch of digits and one file that is none; how many objects it has."""
    return drop_batch(inbox_bucket)


@pytest.fixture
def counted(settings: Settings) -> Iterator[tuple[Settings, FaultyProxy]]:
    """Settings that reach the store by a proxy which spoils nothing and counts."""
    with faulty(str(settings.s3_endpoint_url), "meanwhile", lambda *_: False) as proxy:
        yield settings.model_copy(update={"s3_endpoint_url": proxy.url}), proxy


def drop_batch(inbox: Bucket) -> int:
    """Drop a batch of digits and one file that is none; return how many objects it has."""
    for index in range(_IMAGES):
        inbox.put(f"{BATCH}/{index:03d}.png", png(index % 10, mark=index))
    inbox.put(f"{BATCH}/broken.png", b"no image")
    return _IMAGES + 1
