"""Two hosts, of which one loses its network in the middle of a batch and gets it back."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from mnist.settings import Settings
from mnist.storage.results import Results
from tests.chaos.faults import recording_of
from tests.chaos.hosts import OtherHost, other_host
from tests.chaos.outcomes import Outcome, count, images_read, read_again
from tests.chaos.proxy import faulty
from tests.chaos.worker import GAVE_UP, start, work
from tests.factories import OneModel

_SECONDS = 60


@pytest.fixture
def host() -> Iterator[OtherHost]:
    """A second host with a cable to this one, where the store is."""
    with other_host() as made:
        yield made


def test_a_host_is_cut_off_in_a_batch_and_comes_back(
    host: OtherHost,
    settings: Settings,
    dropped: int,
    results: Results,
    survived: Callable[[Outcome], None],
    tmp_path: Path,
) -> None:
    is_cut_off = Event()

    def cut_off() -> None:
        host.pull_cable()
        is_cut_off.set()

    registry, store = partial(OneModel, tmp_path), str(settings.s3_endpoint_url)
    with faulty(store, "before", recording_of(2), address=host.address) as proxy:
        proxy.happens = cut_off
        faced = settings.model_copy(update={"s3_endpoint_url": proxy.url})
        there = start(faced, registry, "there", network=host.network)
        assert is_cut_off.wait(_SECONDS)
        receipt = work(faced, registry(), "here")
        host.plug_in()
        there.join(_SECONDS)
        rework = read_again(images_read(proxy), dropped)
    assert there.exitcode in {0, GAVE_UP}
    assert receipt.verdict == "complete"
    assert receipt.run.rows_written == dropped - 10
    survived(count("a host is cut off", results, injected=1, runs=2, rework_chunks=rework))
