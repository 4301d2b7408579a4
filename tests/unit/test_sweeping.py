"""Sweeping: new images are found at once, quiet folders cost less and less."""

import itertools

import pytest

from mnist.keys import LOOSE
from mnist.operations.sweeping import Sweeper
from mnist.storage.bucket import Bucket
from mnist.storage.inbox import Inbox
from mnist.storage.results import Results
from tests.factories import rows


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inbox_bucket():
    return Bucket.in_memory()


@pytest.fixture
def results():
    return Results(Bucket.in_memory())


@pytest.fixture
def sweeper(inbox_bucket, results, clock):
    return Sweeper(Inbox(inbox_bucket), results, pause_seconds=1, clock=clock)


def record(inbox_bucket, results, batch, chunk="c"):
    versions = [v for page in Inbox(inbox_bucket).versions(batch) for v in page]
    results.write_part(batch, chunk, rows(*versions, batch=batch))


def test_an_empty_inbox_has_nothing_pending(sweeper):
    assert sweeper.pending() == []


def test_a_new_folder_is_pending_until_it_is_recorded(sweeper, inbox_bucket, results, clock):
    inbox_bucket.drop("a/1.png", b"x")
    assert sweeper.pending() == ["a"]
    assert sweeper.pending() == ["a"]
    record(inbox_bucket, results, "a")
    assert sweeper.pending() == []


def test_an_object_beside_the_folders_is_pending_too(sweeper, inbox_bucket):
    inbox_bucket.drop("1.png", b"x")
    assert sweeper.pending() == [LOOSE]


def test_a_late_arrival_makes_its_folder_pending_again(sweeper, inbox_bucket, results, clock):
    inbox_bucket.drop("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    assert sweeper.pending() == []
    inbox_bucket.drop("a/2.png", b"y")
    clock.now += 60
    assert sweeper.pending() == ["a"]


def test_an_overwritten_object_makes_its_folder_pending_again(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.drop("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    assert sweeper.pending() == []
    inbox_bucket.drop("a/1.png", b"another")
    clock.now += 60
    assert sweeper.pending() == ["a"]


def test_a_quiet_folder_is_looked_at_less_and_less_often_but_within_a_minute(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.drop("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    looked = []
    real = results.settled
    results.settled = lambda batch: (looked.append(clock.now), real(batch))[1]
    for _ in range(600):
        sweeper.pending()
        clock.now += 1
    pauses = [later - earlier for earlier, later in itertools.pairwise(looked)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2
    assert pauses[-1] == 60


def test_a_folder_that_could_not_be_scored_is_put_off(sweeper, inbox_bucket, clock):
    inbox_bucket.drop("a/1.png", b"x")
    assert sweeper.pending() == ["a"]
    sweeper.put_off("a")
    assert sweeper.pending() == []
    clock.now += 2
    assert sweeper.pending() == ["a"]


def test_a_marker_alone_is_no_work(sweeper, inbox_bucket):
    inbox_bucket.drop("a/_READY", b"x")
    assert sweeper.pending() == []
