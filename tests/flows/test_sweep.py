"""Nobody's work waits for anybody else's, and each folder is found in Prefect."""

import threading

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)

from flows.support import shared_runs
from flows.support.books import tag
from flows.support.shared_runs import SharedRuns
from flows.support.sweep import Sweep
from mnist.errors import IntegrityError
from mnist.operations.sweeping import Sweeper
from tests.factories import png
from tests.waiting import eventually


@pytest.fixture
def client(wired):
    with get_client(sync_client=True) as prefect:
        yield prefect


@pytest.fixture
def books(client):
    return SharedRuns(client, "watch-inbox")


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def sweeper(wired, now):
    wired.settings = wired.settings.model_copy(update={"settle_seconds": 10})
    return Sweeper(wired, clock=lambda: now[0])


def runs_of(client, batch):
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[tag(batch)]))
    return client.read_flow_runs(flow_run_filter=tagged)


def settle(sweep, now, wired):
    now[0] += wired.settings.settle_seconds + 1
    return sweep.once()


def put_ready(inbox_bucket, batch, *contents):
    for number, content in enumerate(contents or (png(1),)):
        inbox_bucket.put(f"{batch}/{number}.png", content)
    inbox_bucket.put(f"{batch}/_READY", b"")


def test_a_folder_whose_store_calls_stall_keeps_no_other_waiting(
    wired, sweeper, books, inbox_bucket, results, monkeypatch
):
    goes_on = threading.Event()
    look = wired.inbox.look

    def stalled(batch):
        if batch == "a-stalled":
            assert goes_on.wait(60)
        return look(batch)

    monkeypatch.setattr(wired.inbox, "look", stalled)
    for batch in ("a-stalled", "b"):
        put_ready(inbox_bucket, batch)
    sweep = Sweep(sweeper, books)
    sweep.turn()
    eventually(lambda: results.receipts("b"), "the folder behind the stalled one has no receipt")
    assert results.receipts("a-stalled") == []
    goes_on.set()
    sweep.wait()
    assert results.receipts("a-stalled")


def test_small_folders_go_on_while_a_large_batch_is_scored(
    wired, sweeper, books, inbox_bucket, results
):
    wired.settings = wired.settings.model_copy(update={"chunk_images": 2})
    goes_on, asked = threading.Event(), []

    def run_large(batch, *, close):
        asked.append((batch, close))
        assert goes_on.wait(60)
        return {"verdict": "complete", "missing": 0}

    put_ready(inbox_bucket, "a-large", *map(png, range(3)))
    put_ready(inbox_bucket, "b")
    sweep = Sweep(sweeper, books, run_large)
    sweep.turn()
    eventually(lambda: results.receipts("b"), "the small folder waits for the large one")
    goes_on.set()
    sweep.wait()
    assert asked == [("a-large", True)]


def test_a_fault_in_one_folder_stops_no_other_and_is_told_once(
    sweeper, books, client, inbox_bucket, results, now, monkeypatch, wired
):
    look = wired.inbox.look

    def faulty(batch):
        if batch == "a-faulty":
            raise ZeroDivisionError
        return look(batch)

    monkeypatch.setattr(wired.inbox, "look", faulty)
    for batch in ("a-faulty", "b"):
        put_ready(inbox_bucket, batch)
    sweep = Sweep(sweeper, books)
    for _ in range(100):
        now[0] += 1
        sweep.once()
        books.tick()
    books.tick(stopping=True)
    assert results.receipts("b")
    (run,) = runs_of(client, "a-faulty")
    assert run.state.name == "Failed"
    assert "ZeroDivisionError" in run.state.message


def test_a_folder_that_is_deleted_before_it_has_settled_ends_in_a_receipt_and_no_failure(
    sweeper, books, client, inbox_bucket, results, now, wired
):
    inbox_bucket.put("gone/1.png", png(1))
    sweep = Sweep(sweeper, books)
    assert sweep.once() == {"gone": "open"}
    inbox_bucket._data.delete("gone/1.png")
    assert settle(sweep, now, wired) == {"gone": "complete"}
    (receipt,) = results.receipts("gone")
    assert "vanished" in receipt.verdict_reason
    for _ in range(20):
        now[0] += 5
        assert sweep.once() == {}
    books.tick(stopping=True)
    assert [run.state.name for run in runs_of(client, "gone")] == ["Completed"]


def test_one_that_is_deleted_before_it_was_scored_ends_in_a_receipt_too(
    sweeper, books, inbox_bucket, results, monkeypatch, wired
):
    look = wired.inbox.look

    def deleted_after(batch):
        seen = look(batch)
        inbox_bucket._data.delete("a/1.png")
        return seen

    monkeypatch.setattr(wired.inbox, "look", deleted_after)
    inbox_bucket.put("a/1.png", png(1))
    inbox_bucket.put("a/_READY", b"")
    assert Sweep(sweeper, books).once() == {"a": "complete"}
    assert "vanished" in results.last_receipt("a").verdict_reason


def test_many_folders_share_a_run_and_each_is_found_in_it(
    sweeper, books, client, inbox_bucket, results
):
    batches = [f"folder {number} ü" for number in range(6)]
    for batch in batches:
        put_ready(inbox_bucket, batch)
    Sweep(sweeper, books).once()
    books.tick(stopping=True)
    found = {run.id for batch in batches for run in runs_of(client, batch)}
    (run,) = found
    assert {results.last_receipt(batch).run.flow_run for batch in batches} == {str(run)}
    wanted = FlowRunFilter(id={"any_": [run]})
    (state,) = {each.state.name for each in client.read_flow_runs(flow_run_filter=wanted)}
    assert state == "Completed"
    artifacts = client.read_artifacts(
        artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    )
    assert len(artifacts) == len(batches)
    logs = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
    assert all(any(batch in log.message for log in logs) for batch in batches)


def test_a_failed_batch_fails_its_run_at_once_and_the_next_folder_gets_another(
    sweeper, books, client, inbox_bucket
):
    put_ready(inbox_bucket, "bad", b"text")
    sweep = Sweep(sweeper, books)
    assert sweep.once()["bad"].startswith("failed: Batch 'bad'")
    books.tick()
    (bad,) = runs_of(client, "bad")
    assert bad.state.name == "BatchFailed"
    assert "All 1 images were rejected" in bad.state.message
    put_ready(inbox_bucket, "good")
    sweep.once()
    books.tick(stopping=True)
    (good,) = runs_of(client, "good")
    assert (good.id != bad.id, good.state.name) == (True, "Completed")


def test_a_run_takes_no_more_folders_than_its_page_can_show(
    sweeper, books, client, inbox_bucket, monkeypatch
):
    monkeypatch.setattr(shared_runs, "_MOST_BATCHES", 2)
    pages = ["page-1", "page-2", "page-3"]
    for batch in pages:
        put_ready(inbox_bucket, batch)
    Sweep(sweeper, books).once()
    books.tick(stopping=True)
    runs = [run for batch in pages for run in runs_of(client, batch)]
    assert len(runs) == 3, "one of them is in two runs, or in none"
    assert len({run.id for run in runs}) == 2
    assert {run.state.name for run in runs} == {"Completed"}


def test_images_that_the_store_cannot_hand_out_are_tried_less_and_less_often(
    wired, sweeper, books, inbox_bucket, results, now, monkeypatch
):
    tried = []

    def damaged(*_, **__):
        tried.append(now[0])
        raise IntegrityError("a part is damaged")

    monkeypatch.setattr(wired.batch_scoring, "run", damaged)
    put_ready(inbox_bucket, "a")
    sweep = Sweep(sweeper, books)
    for _ in range(400):
        now[0] += 1
        sweep.once()
    books.tick(stopping=True)
    assert len(tried) < 20


def test_a_shared_run_ends_although_work_on_one_of_its_folders_failed_as_before(
    wired, sweeper, books, client, inbox_bucket, results_bucket, now, monkeypatch
):
    """The second failure is no news, so nobody notes it: the run must not wait for a note."""
    put_ready(inbox_bucket, "again")
    sweep = Sweep(sweeper, books)

    def refused(receipt):
        raise IntegrityError("the receipt cannot be written")

    monkeypatch.setattr(wired.batch_scoring._results, "write_receipt", refused)
    for _ in range(5):
        now[0] += 60
        sweep.once()
        books.tick()
    monkeypatch.setattr(shared_runs, "_LONGEST_SECONDS", -1)
    books.tick()
    assert {run.state.name for run in runs_of(client, "again")} == {"Failed", "Completed"}
