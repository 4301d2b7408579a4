"""The sweep as a flow."""

import pytest
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.context import SyncClientContext

from flows.support.shared_runs import SharedRuns
from flows.support.sweep import Sweep
from flows.watch_inbox import watch_inbox
from mnist import services
from mnist.errors import Unavailable
from mnist.operations.sweeping import Sweeper
from tests.factories import png, services_of

pytestmark = pytest.mark.usefixtures("wired")


@pytest.mark.slow
def test_every_batch_with_news_is_scored_and_a_bad_one_stops_nothing(inbox_bucket, results):
    inbox_bucket.put("a/1.png", png(1))
    inbox_bucket.put("bad/1.png", b"text")
    inbox_bucket.put("z/1.png", png(2))
    inbox_bucket.put("loose.png", png(3))
    outcome = watch_inbox()
    assert outcome["a"] == outcome["z"] == outcome["_loose"] == "complete"
    assert outcome["bad"].startswith("failed: Batch 'bad'")
    assert results.rows("_loose")["digit"].to_pylist() == [3]
    assert results.rows("bad")["outcome"].to_pylist() == ["rejected"]


def test_a_second_sweep_finds_nothing_new(inbox_bucket):
    inbox_bucket.put("a/1.png", png(1))
    watch_inbox()
    assert watch_inbox() == {}


def test_every_batch_it_found_has_its_receipt_in_the_end(inbox_bucket, results):
    for batch in ("a", "b {odd} name"):
        inbox_bucket.put(f"{batch}/1.png", png(1))
    watch_inbox()
    assert [len(results.receipts(batch)) for batch in ("a", "b {odd} name")] == [1, 1]


@pytest.fixture
def books():
    """Give a run of Prefect's in which things are noted."""
    with SyncClientContext.get_or_create() as prefect:
        runs = SharedRuns(prefect.client, "watch-inbox")
        yield runs
        runs.tick(stopping=True)


def test_rows_come_before_the_receipt_and_a_marker_brings_both(
    settings, inbox_bucket, results, books
):
    now = [0.0]
    seconds = {"sweep_seconds": 1, "settle_seconds": 10, "longest_open_seconds": 100}
    parts = services_of(settings.model_copy(update=seconds))
    sweep = Sweep(Sweeper(parts, clock=lambda: now[0]), books)
    inbox_bucket.put("a/1.png", png(1))
    inbox_bucket.put("b/1.png", png(1))
    inbox_bucket.put("b/_READY", b"")
    assert sweep.once() == {"a": "open", "b": "complete"}
    assert results.rows("a")["digit"].to_pylist() == [1]
    assert results.receipts("a") == []
    assert sweep.once() == {}
    now[0] += 10
    assert sweep.once() == {"a": "complete"}
    assert sweep.once() == {}
    assert len(results.receipts("a")) == len(results.receipts("b")) == 1


def test_one_that_cannot_be_scored_now_is_tried_again_and_keeps_nobody_waiting(
    inbox_bucket, results, monkeypatch
):
    def away(*_):
        raise Unavailable("the store is away")

    inbox_bucket.put("a/1.png", png(1))
    monkeypatch.setattr(services.current().batch_scoring, "_chunks", away)
    assert watch_inbox() == {"a": "failed: the store is away"}
    monkeypatch.undo()


def test_a_run_that_prefect_gave_no_place_is_tried_again(inbox_bucket, results, monkeypatch):
    def without_a_place(*_):
        raise ConcurrencySlotAcquisitionError("503 Service Unavailable")

    inbox_bucket.put("a/1.png", png(1))
    with monkeypatch.context() as patch:
        patch.setattr(services.current().batch_scoring, "_chunks", without_a_place)
        assert "503 Service Unavailable" in watch_inbox()["a"]
    assert watch_inbox() == {"a": "complete"}
