"""Sweeping: new images are found at once, quiet folders cost less and less, all get a receipt."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from mnist.keys import LOOSE
from mnist.operations.sweeping import Sweeper, Todo
from mnist.scoring.completion import Completion
from mnist.scoring.receipts import RunRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.storage.inbox import Inbox
from tests.factories import InMemory, OneModel, rows
from tests.sheets import layout, png_of, sheet
from tests.waiting import Clock


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


def looks(sweeper) -> dict[str, Todo]:
    """Look at all that is due; say of each batch that wants something what it is."""
    todos = {}
    for batch in sweeper.due():
        assert sweeper.begin(batch)
        todo = sweeper.look(batch)
        if todo is not None:
            todos[batch] = todo
    return todos


def work(sweeper, inbox_bucket, results, chunk="c") -> dict[str, Completion | None]:
    """Do all that is due; say of each batch that was worked on why it was closed, if it was."""
    done = {}
    for batch, todo in looks(sweeper).items():
        if todo.waiting:
            record(inbox_bucket, results, batch, chunk)
        sweeper.done(batch, closed=todo.close is not None)
        done[batch] = todo.close
    return done


def times_of_looks(sweeper, inbox_bucket, clock, seconds):
    """Sweep each second and note when the sweeper looked at a batch."""
    looked = []
    real = inbox_bucket.versions
    inbox_bucket.versions = lambda prefix: (looked.append(clock.now), real(prefix))[1]
    for _ in range(seconds):
        looks(sweeper)
        clock.now += 1
    return looked


def test_an_empty_inbox_has_nothing_due(sweeper):
    assert sweeper.due() == []


def test_a_new_folder_is_due_until_it_is_recorded(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    assert looks(sweeper) == {"a": Todo("a", images=1, waiting=1, close=None)}
    sweeper.go_on("a")
    assert list(looks(sweeper)) == ["a"]
    record(inbox_bucket, results, "a")
    sweeper.done("a", closed=False)
    clock.now += 1
    assert sweeper.due() == ["a"]
    assert looks(sweeper) == {}


def test_nobody_gets_a_batch_that_is_in_hand(sweeper, inbox_bucket):
    inbox_bucket.put("a/1.png", b"x")
    assert sweeper.due() == ["a"]
    assert sweeper.begin("a")
    assert not sweeper.begin("a")
    assert not sweeper.begin("a name that nobody knows")
    assert sweeper.due() == []


def test_an_object_beside_the_folders_is_due_too(sweeper, inbox_bucket):
    inbox_bucket.put("1.png", b"x")
    assert list(looks(sweeper)) == [LOOSE]


@pytest.mark.parametrize("name", ["2.png", "1.png"], ids=["added", "overwritten"])
def test_a_late_arrival_makes_its_folder_due_again(sweeper, inbox_bucket, results, clock, *, name):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    assert looks(sweeper) == {}
    inbox_bucket.put(f"a/{name}", b"another")
    clock.now += 6
    assert looks(sweeper)["a"].waiting == 1


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


def test_a_folder_that_takes_long_to_list_is_listed_less_often(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    real = inbox_bucket.versions

    def slowly(prefix):
        clock.now += 3
        return real(prefix)

    inbox_bucket.versions = slowly
    record(inbox_bucket, results, "a")
    write_receipt(inbox_bucket, results, "a")
    started, looked = clock.now, 0
    while clock.now < started + 300:
        looked += len(sweeper.due())
        looks(sweeper)
        clock.now += 1
    assert 2 <= looked <= 5


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
    looks(sweeper)
    inbox_bucket.put("a/2.png", b"y")
    clock.now += 1
    assert sweeper.due() == []
    sweeper.expect("a")
    assert list(looks(sweeper)) == ["a"]
    sweeper.expect("a name that nobody knows")


def test_what_is_new_comes_before_what_is_old_and_each_by_its_age(
    sweeper, inbox_bucket, results, clock
):
    for name in ("old-1", "old-2"):
        inbox_bucket.put(f"{name}/1.png", b"x")
        record(inbox_bucket, results, name)
        write_receipt(inbox_bucket, results, name)
    assert looks(sweeper) == {}
    clock.now += 100
    inbox_bucket.put("z/1.png", b"x")
    assert sweeper.due() == ["z", "old-1", "old-2"]
    assert [sweeper.is_old(name) for name in ("z", "old-1")] == [False, True]
    clock.now += 1
    inbox_bucket.put("a/1.png", b"x")
    assert sweeper.due() == ["z", "a", "old-1", "old-2"]


def test_a_batch_is_complete_when_nothing_new_came_for_the_settle_time(
    sweeper, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    assert work(sweeper, inbox_bucket, results) == {"a": None}
    assert sweeper.open_batches == ["a"]
    for _ in range(9):
        clock.now += 1
        assert work(sweeper, inbox_bucket, results) == {}
    clock.now += 1
    assert work(sweeper, inbox_bucket, results) == {"a": Completion.SETTLED}
    assert sweeper.open_batches == []
    clock.now += 100
    assert work(sweeper, inbox_bucket, results) == {}


def test_each_late_arrival_starts_the_settle_time_anew(sweeper, inbox_bucket, results, clock):
    for i in range(3):
        inbox_bucket.put(f"a/{i}.png", b"x")
        sweeper.expect("a")
        assert work(sweeper, inbox_bucket, results, chunk=str(i)) == {"a": None}
        for _ in range(8):
            clock.now += 1
            assert work(sweeper, inbox_bucket, results) == {}


def test_a_marker_completes_it_at_once(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    inbox_bucket.put("a/deep/_READY", b"")
    assert looks(sweeper)["a"].close is None
    sweeper.go_on("a")
    inbox_bucket.put("a/_READY", b"")
    assert looks(sweeper) == {"a": Todo("a", images=1, waiting=1, close=Completion.READY)}


def test_one_that_never_rests_is_complete_after_the_longest_wait(
    sweeper, inbox_bucket, results, clock
):
    start, done = clock.now, {}
    while not done.get("a"):
        clock.now += 1
        inbox_bucket.put(f"a/{clock.now}.png", b"x")
        done = work(sweeper, inbox_bucket, results, chunk=str(clock.now))
        assert clock.now - start < 200
    assert done == {"a": Completion.WAITED}
    assert clock.now - start == 101
    clock.now += 1
    inbox_bucket.put("a/last.png", b"x")
    assert work(sweeper, inbox_bucket, results) == {"a": None}, "open again with the next object"


def test_deleting_images_opens_nothing(sweeper, results, inbox_bucket, clock):
    inbox_bucket.put("a/1.png", b"x")
    inbox_bucket.put("a/2.png", b"x")
    record(inbox_bucket, results, "a")
    write_receipt(inbox_bucket, results, "a")
    assert looks(sweeper) == {}
    inbox_bucket._data.delete("a/2.png")
    clock.now += 60
    assert looks(sweeper) == {}
    assert sweeper.open_batches == []


def test_a_folder_that_is_deleted_before_it_has_settled_is_closed_all_the_same(
    sweeper, results, inbox_bucket, clock
):
    inbox_bucket.put("a/1.png", b"x")
    assert work(sweeper, inbox_bucket, results) == {"a": None}
    inbox_bucket._data.delete("a/1.png")
    clock.now += 5
    assert work(sweeper, inbox_bucket, results) == {}
    clock.now += 5
    assert looks(sweeper) == {"a": Todo("a", images=0, waiting=0, close=Completion.SETTLED)}
    sweeper.done("a", closed=True)
    clock.now += 100
    assert sweeper.due() == []


def test_a_process_that_starts_anew_closes_what_the_last_one_left_open(
    parts, inbox_bucket, results, clock
):
    inbox_bucket.put("a/1.png", b"x")
    inbox_bucket.put("b/1.png", b"x")
    record(inbox_bucket, results, "a")
    record(inbox_bucket, results, "b")
    write_receipt(inbox_bucket, results, "b")
    fresh = Sweeper(parts, clock)
    assert looks(fresh) == {}
    clock.now += 10
    assert list(looks(fresh)) == ["a"]


def test_a_folder_on_which_others_work_is_looked_at_a_little_later(sweeper, inbox_bucket, clock):
    inbox_bucket.put("a/1.png", b"x")
    assert list(looks(sweeper)) == ["a"]
    sweeper.postpone("a")
    assert sweeper.due() == []
    clock.now += 1
    assert list(looks(sweeper)) == ["a"]


def test_one_that_fails_again_and_again_is_tried_less_often_but_within_a_minute(
    sweeper, inbox_bucket, clock
):
    inbox_bucket.put("a/1.png", b"x")
    tried, told = [], 0
    for _ in range(400):
        if looks(sweeper):
            tried.append(clock.now)
            told += sweeper.fail("a", "the store is away")
        assert sweeper.open_batches == []
        clock.now += 1
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    assert told == 1


def test_a_closing_that_fails_backs_off_too(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    work(sweeper, inbox_bucket, results)
    tried = 0
    for _ in range(400):
        clock.now += 1
        for batch in looks(sweeper):
            tried += 1
            sweeper.fail(batch, "a part is damaged")
    assert tried < 15


def test_another_problem_is_news_and_so_is_the_same_one_after_a_success(sweeper, inbox_bucket):
    inbox_bucket.put("a/1.png", b"x")
    sweeper.due()
    assert sweeper.fail("a", "one")
    assert not sweeper.fail("a", "one")
    assert sweeper.fail("a", "another")
    sweeper.done("a", closed=False)
    assert sweeper.fail("a", "another")


def test_a_marker_alone_is_no_work(sweeper, inbox_bucket):
    inbox_bucket.put("a/_READY", b"x")
    assert looks(sweeper) == {}


def test_results_are_read_again_only_when_the_folder_changed(sweeper, inbox_bucket, results, clock):
    inbox_bucket.put("a/1.png", b"x")
    record(inbox_bucket, results, "a")
    read = []
    real = results.settled
    results.settled = lambda batch: (read.append(batch), real(batch))[1]
    assert looks(sweeper) == {}
    clock.now += 5
    assert looks(sweeper) == {}
    assert read == ["a"]
    inbox_bucket.put("a/2.png", b"y")
    sweeper.expect("a")
    assert list(looks(sweeper)) == ["a"]
    assert read == ["a", "a"]


def test_a_layout_that_comes_or_changes_gives_the_batch_work_again(
    parts, sweeper, clock, inbox_bucket, tmp_path
):
    parts.registry, parts.sure_bucket = OneModel(tmp_path), parts.results_bucket
    inbox_bucket.put("b/_READY", b"")
    inbox_bucket.put("b/sheet.png", png_of(sheet([[1, None], [2, 3]])))

    def turn(run):
        clock.now += 10_000
        waiting = {batch: (todo.images, todo.waiting) for batch, todo in looks(sweeper).items()}
        for batch in waiting:
            parts.batch_scoring.run(batch, run)
            sweeper.done(batch, closed=True)
        return waiting

    assert turn("plain") == {"b": (1, 1)}
    assert turn("quiet") == {}
    inbox_bucket.put("b/_LAYOUT.json", layout(grid=[2, 2]))
    assert turn("layout") == {"b": (4, 4)}
    assert turn("quiet") == {}
    inbox_bucket.put("b/_LAYOUT.json", layout(grid=[2, 2], check={"range": [1, 2]}))
    assert turn("changed") == {"b": (4, 4)}
    receipt = parts.results.last_receipt("b")
    assert {str(name): n for name, n in receipt.outcomes.items()} == {"empty": 1, "scored": 3}
    assert receipt.listing.count == 4


FILLING = f"api-default-{datetime.now(UTC) + timedelta(hours=1):%Y%m%dT%H}"
PAST = "api-default-20260101T00"


def test_captured_images_of_an_hour_that_goes_on_get_rows_and_wait_for_their_receipt(
    sweeper, inbox_bucket, results, clock
):
    for batch in (FILLING, PAST):
        inbox_bucket.put(f"{batch}/1.png", b"x")
    assert work(sweeper, inbox_bucket, results) == {FILLING: None, PAST: None}
    closed = {}
    for _ in range(99):
        clock.now += 1
        closed |= {b: (clock.now, c) for b, c in work(sweeper, inbox_bucket, results).items() if c}
    assert closed.keys() == {PAST}
    assert closed[PAST][1] is Completion.SETTLED
    clock.now += 20
    assert work(sweeper, inbox_bucket, results) == {FILLING: Completion.WAITED}


def test_captured_images_are_looked_at_a_few_times_a_minute_whatever_the_store_announces(
    sweeper, inbox_bucket, results, clock
):
    looked = 0
    for second in range(60):
        inbox_bucket.put(f"{FILLING}/{second}.png", b"x")
        sweeper.expect(FILLING)
        looked += FILLING in work(sweeper, inbox_bucket, results, chunk=str(second))
        clock.now += 1
    assert looked == 4
