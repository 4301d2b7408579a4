"""Sweeping: new images are found at once, quiet folders cost less and less, all get a receipt."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from mnist.keys import LOOSE
from mnist.operations.sweeping import Sweeper
from mnist.scoring.completion import Completion
from mnist.scoring.receipts import RunRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.storage.inbox import Inbox
from tests.factories import InMemory, rows


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
def parts():
    return InMemory(sweep_seconds=1, settle_seconds=10, longest_open_seconds=100)


@pytest.fixture
def inbox_bucket(parts):
    return parts.bucket(parts.settings.inbox_bucket)


@pytest.fixture
def results(parts):
    return parts.results


@pytest.fixture
def sweeper(parts, clock):
    return Sweeper(parts, clock)


def record(inbox_bucket, results, batch, chunk="c"):
    versions = [v for page in Inbox(inbox_bucket).versions(batch) for v in page]
    results.write_part(batch, chunk, rows(*versions, batch=batch))


def write_receipt(inbox_bucket, results, batch, age=timedelta(0)):
    finished = datetime.now(UTC) - age
    run = RunRecord(name="r", started_at=finished, finished_at=finished, rows_written=0)
    listing = ListingLog()
    for page in Inbox(inbox_bucket).versions(batch):
        listing.extend(page)
    receipt = write_up(
        batch,
        run,
        listing=listing,
        unsettled=[],
        parts=results.parts(batch),
        limit=RejectLimit(rate=1, count=9),
    )
    results.write_receipt(receipt)


def times_of_looks(sweeper, inbox_bucket, clock, seconds):
    """Sweep each second and note when the sweeper looked at a batch."""
    looked = []
    real = inbox_bucket.versions
    inbox_bucket.versions = lambda prefix: (looked.append(clock.now), real(prefix))[1]
    for _ in range(seconds):
        sweeper.pending()
        clock.now += 1
    return looked


def test_an_empty_inbox_has_nothing_pending(sweeper):
    assert sweeper.pending() == []


def test_a_new_folder_is_pending_until_it_is_recorded(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    assert sweeper.pending() == ["a"]
    assert sweeper.pending() == ["a"]
    record(inbox_bucket, results, "a")
    assert sweeper.pending() == []


def test_an_object_beside_the_folders_is_pending_too(sweeper, inbox_bucket):
    inbox_bucket.put("1.png", b"x")
    assert sweeper.pending() == [LOOSE]


def test_a_late_arrival_makes_its_folder_pending_again(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    assert sweeper.pending() == []
    inbox_bucket.put("a/2.png", b"y")
    clock.now += 6
    assert sweeper.pending() == ["a"]


def test_an_overwritten_object_makes_its_folder_pending_again(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    assert sweeper.pending() == []
    inbox_bucket.put("a/1.png", b"another")
    clock.now += 6
    assert sweeper.pending() == ["a"]


def test_a_quiet_folder_is_looked_at_less_and_less_often(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    write_receipt(inbox_bucket, results, "a")
    looked = times_of_looks(sweeper, inbox_bucket, clock, 3_000)
    pauses = [later - earlier for earlier, later in itertools.pairwise(looked)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2
    assert 200 <= pauses[-1] <= 300
    assert len(looked) < 80


def test_a_batch_that_was_closed_long_ago_is_retired_at_once(parts, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    write_receipt(inbox_bucket, results, "a", age=timedelta(days=30))
    looked = times_of_looks(Sweeper(parts, clock), inbox_bucket, clock, 7_300)
    assert len(looked) == 3


def test_a_retired_batch_that_is_announced_is_looked_at_with_the_next_sweep(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    write_receipt(inbox_bucket, results, "a", age=timedelta(days=30))
    sweeper.pending()
    inbox_bucket.put("a/2.png", b"y")
    clock.now += 1
    assert sweeper.pending() == []
    sweeper.expect("a")
    assert sweeper.pending() == ["a"]
    sweeper.expect("a name that nobody knows")


def test_many_old_batches_do_not_keep_a_new_one_waiting(sweeper, inbox_bucket, results, clock):
    for i in range(20):
        inbox_bucket.put(f"old-{i:02d}/1.png", b"x")
        record(inbox_bucket, results, f"old-{i:02d}")
    real = inbox_bucket.versions
    looked = []

    def slow(prefix):
        looked.append(prefix.removesuffix("/"))
        clock.now += 0.5
        return real(prefix)

    inbox_bucket.versions = slow
    sweeper.pending()
    assert len(looked) == 3
    inbox_bucket.put("zz-new/1.png", b"x")
    while "zz-new" not in sweeper.pending():
        assert len(looked) < 25
    assert sweeper.pending(whole=True) == ["zz-new"]
    assert set(looked) == {f"old-{i:02d}" for i in range(20)} | {"zz-new"}


def test_a_batch_is_complete_when_nothing_new_came_for_the_settle_time(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    sweeper.pending()
    assert sweeper.open_batches == ["a"]
    record(inbox_bucket, results, "a")
    for _ in range(9):
        clock.now += 1
        assert sweeper.pending() == []
        assert sweeper.complete() == {}
    clock.now += 1
    assert sweeper.complete() == {"a": Completion.SETTLED}
    sweeper.close("a")
    assert sweeper.complete() == {}
    assert sweeper.open_batches == []


def test_each_late_arrival_starts_the_settle_time_anew(sweeper, inbox_bucket, results, clock):
    for i in range(3):
        inbox_bucket.put(f"a/{i}.png", b"x")
        sweeper.pending()
        record(inbox_bucket, results, "a", chunk=str(i))
        for _ in range(8):
            clock.now += 1
            assert sweeper.pending() == []
            assert sweeper.complete() == {}


def test_a_marker_completes_it_at_once(sweeper, inbox_bucket, results):
    inbox_bucket.put("a/1.png", b"x")
    inbox_bucket.put("a/deep/_READY", b"")
    sweeper.pending()
    assert not sweeper.is_ready("a")
    inbox_bucket.put("a/_READY", b"")
    sweeper.pending()
    assert sweeper.is_ready("a")
    assert sweeper.complete() == {}, "an image without an outcome is not complete"
    record(inbox_bucket, results, "a")
    sweeper.pending()
    assert sweeper.complete() == {"a": Completion.READY}


def test_one_that_never_rests_is_complete_after_the_longest_wait(sweeper, inbox_bucket, clock):
    found = {}
    start = clock.now
    while not found:
        inbox_bucket.put(f"a/{clock.now}.png", b"x")
        sweeper.pending()
        found = sweeper.complete()
        clock.now += 1
    assert found == {"a": Completion.WAITED}
    assert clock.now - start == 101
    sweeper.close("a")
    assert sweeper.complete() == {}
    assert sweeper.pending() == ["a"], "it is open again with the next object"


def test_deleting_images_opens_nothing(sweeper, results, inbox_bucket, clock):
    inbox_bucket.put("a/1.png", b"x")
    inbox_bucket.put("a/2.png", b"x")
    record(inbox_bucket, results, "a")
    write_receipt(inbox_bucket, results, "a")
    sweeper.pending()
    inbox_bucket._data.delete("a/2.png")
    clock.now += 60
    assert sweeper.pending() == []
    assert sweeper.open_batches == []


def test_a_process_that_starts_anew_closes_what_the_last_one_left_open(
    parts, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    inbox_bucket.put("b/1.png", b"x")
    record(inbox_bucket, results, "a")
    record(inbox_bucket, results, "b")
    write_receipt(inbox_bucket, results, "b")
    fresh = Sweeper(parts, clock)
    assert fresh.pending() == []
    clock.now += 10
    assert list(fresh.complete()) == ["a"]


def test_a_folder_that_could_not_be_scored_is_put_off(sweeper, inbox_bucket, clock):
    inbox_bucket.put("a/1.png", b"x")
    assert sweeper.pending() == ["a"]
    sweeper.put_off("a")
    assert sweeper.pending() == []
    clock.now += 2
    assert sweeper.pending() == ["a"]


def test_one_that_fails_again_and_again_is_tried_less_often_but_within_a_minute(
    sweeper, inbox_bucket, clock
):
    inbox_bucket.put("a/1.png", b"x")
    tried = []
    for _ in range(400):
        if sweeper.pending():
            tried.append(clock.now)
            sweeper.put_off("a")
        assert sweeper.open_batches == []
        clock.now += 1
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


def test_a_marker_alone_is_no_work(sweeper, inbox_bucket):
    inbox_bucket.put("a/_READY", b"x")
    assert sweeper.pending() == []


def test_results_are_read_again_only_when_the_folder_changed(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    read = []
    real = results.settled
    results.settled = lambda batch: (read.append(batch), real(batch))[1]
    for _ in range(3):
        assert sweeper.pending() == []
        clock.now += 100
    assert read == ["a"]
    inbox_bucket.put("a/2.png", b"y")
    assert sweeper.pending() == ["a"]
    assert read == ["a", "a"]
