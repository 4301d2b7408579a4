"""Scoring batches on a real store: nothing lost, nothing twice, whatever happens in between."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from mnist.digits import Outcome
from mnist.errors import InvalidBatch, Unavailable
from mnist.keys import listing_digest, receipt_key
from mnist.operations.batches import BatchScoring
from mnist.scoring.receipts import Receipt
from mnist.storage.clients import control_client
from tests.factories import StrictModel, png, services_of


@pytest.fixture
def scoring(services):
    return services.batch_scoring


def another(services, **settings) -> BatchScoring:
    """Make the steps of another process, with other settings."""
    changed = services.settings.model_copy(update=settings)
    return services_of(changed, registry=services.registry).batch_scoring


def drop(bucket, batch, count, *, first=0):
    for i in range(first, first + count):
        bucket.put(f"{batch}/{i:04d}.png", png(i % 10))


def run(scoring: BatchScoring, batch: str, name: str = "run", *, stop_after=None, **options):
    """Do what the flow does; stop after some chunks as a killed process would."""

    def first_ones(score, chunks):
        return map(score, islice(chunks, stop_after))

    is_whole = stop_after is None
    return scoring.run(batch, name, map=first_ones, close=is_whole, **options).receipt


def between(scoring: BatchScoring, batch: str, happens: Callable[[], object]):
    """Score a batch to which something happens after it was listed and before it is read."""

    def listed_first(score, chunks):
        listed = list(chunks)
        happens()
        return map(score, listed)

    return scoring.run(batch, "run", map=listed_first).receipt


def proven_once_each(results, receipt: Receipt) -> bool:
    """Check a receipt against the rows as a stranger would: from the store alone."""
    rows = results.rows(receipt.batch)
    identities = rows["identity"].to_pylist()
    unique = len(set(identities)) == len(identities)
    return unique and listing_digest(identities) == receipt.listing.digest


def test_every_dropped_image_ends_in_exactly_one_row(scoring, inbox_bucket, results):
    drop(inbox_bucket, "b", 25)
    inbox_bucket.put("b/empty.png", b"")
    inbox_bucket.put("b/text.png", b"no image")
    receipt = run(scoring, "b")
    assert receipt.verdict == "complete"
    assert receipt.outcomes == {Outcome.SCORED: 25, Outcome.REJECTED: 2}
    assert proven_once_each(results, receipt)
    digits = {r["key"]: r["digit"] for r in results.rows("b").to_pylist() if r["digit"] is not None}
    assert all(digit == int(key[-8:-4]) % 10 for key, digit in digits.items())


def test_what_is_not_one_digit_is_settled_and_counted_apart(services, inbox_bucket, results):
    strict = services_of(services.settings, registry=StrictModel(services.registry.path.parent))
    drop(inbox_bucket, "b", 20)
    receipt = run(strict.batch_scoring, "b")
    assert receipt.outcomes == {Outcome.SCORED: 16, Outcome.NOT_A_DIGIT: 4}
    assert receipt.is_balanced
    assert (receipt.accepted, receipt.accepted_share) == (16, 1.0)
    assert receipt.summary()["not-a-digit"] == 4
    assert results.verify("b") == (receipt, ())
    assert len(results.settled("b")) == 20


def test_a_receipt_says_where_the_time_went(scoring, inbox_bucket, results):
    drop(inbox_bucket, "b", 25)
    work = run(scoring, "b").work
    spent = work.stage_seconds
    assert min(spent.fetch, spent.decode, spent.predict, spent.write, work.cpu_seconds) > 0
    assert work.rows == 25
    assert work.images_per_second == pytest.approx(25 / work.seconds)
    assert results.receipts("b")[0].work == work


def test_the_receipt_of_a_run_that_scored_nothing_has_the_sums_of_those_that_did(
    scoring, inbox_bucket
):
    drop(inbox_bucket, "b", 20)
    scoring.run("b", "first", close=False)
    drop(inbox_bucket, "b", 25)
    scoring.run("b", "second", close=False)
    receipt = run(scoring, "b", "closing")
    assert receipt.run.rows_written == 0
    assert receipt.work.rows == 25
    assert receipt.work.stage_seconds.fetch > 0


def test_a_receipt_says_what_a_thousand_images_cost(services, inbox_bucket):
    services.settings = services.settings.model_copy(update={"cpu_hour_price": 3.6})
    drop(inbox_bucket, "b", 20)
    work = run(services.batch_scoring, "b").work
    assert work.cost_per_thousand == pytest.approx(work.cpu_seconds / 1_000 / 20 * 1_000)


def test_a_receipt_that_does_not_say_where_the_time_went_still_holds(
    scoring, inbox_bucket, results, results_bucket
):
    drop(inbox_bucket, "b", 5)
    old = run(scoring, "b").model_dump(mode="json")
    del old["work"]
    results_bucket.put(receipt_key("b", "run"), json.dumps(old).encode())
    receipt, problems = results.verify("b")
    assert receipt.work is None
    assert problems == ()
    assert "added up over threads" not in receipt.markdown()


def test_running_again_writes_nothing(scoring, inbox_bucket, results, results_bucket):
    drop(inbox_bucket, "b", 25)
    first = run(scoring, "b", "run-1")
    before = sorted(v.key for page in results_bucket.versions() for v in page)
    again = run(scoring, "b", "run-2")
    assert again == first
    assert sorted(v.key for page in results_bucket.versions() for v in page) == before


def test_a_run_that_was_killed_is_completed_by_the_next(scoring, inbox_bucket, results):
    drop(inbox_bucket, "b", 45)
    for _ in range(3):
        run(scoring, "b", stop_after=1)
    receipt = run(scoring, "b")
    assert receipt.run.rows_written == 15
    assert receipt.is_balanced
    assert proven_once_each(results, receipt)


def test_a_run_killed_before_its_receipt_leaves_only_the_receipt_to_write(scoring, inbox_bucket):
    drop(inbox_bucket, "b", 20)
    run(scoring, "b", stop_after=2)
    receipt = run(scoring, "b")
    assert receipt.run.rows_written == 0
    assert receipt.verdict == "complete"
    assert receipt.work.rows == 20


def test_two_runs_at_once_lose_nothing_and_double_nothing(services, inbox_bucket, results):
    drop(inbox_bucket, "b", 60)
    both = [another(services) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        receipts = list(pool.map(run, both, ["b", "b"], ["run-1", "run-2"]))
    assert sum(receipt.run.rows_written for receipt in receipts) == 60
    for receipt in receipts:
        assert receipt.outcomes == {Outcome.SCORED: 60}
        assert proven_once_each(results, receipt)


def test_runs_that_cut_different_chunks_still_count_each_version_once(
    services, scoring, inbox_bucket, results
):
    drop(inbox_bucket, "b", 30)
    other = another(services, chunk_images=7)
    between(scoring, "b", lambda: run(other, "b", "other"))
    receipt = run(scoring, "b")
    assert receipt.duplicate_rows == 30
    assert receipt.outcomes == {Outcome.SCORED: 30}
    assert proven_once_each(results, receipt)


def test_a_late_arrival_gets_its_row_and_a_receipt_of_the_whole_batch(scoring, inbox_bucket):
    drop(inbox_bucket, "b", 10)
    run(scoring, "b", "run-1")
    drop(inbox_bucket, "b", 3, first=10)
    receipt = run(scoring, "b", "run-2")
    assert receipt.run.rows_written == 3
    assert receipt.listing.count == 13


def test_an_overwritten_object_gets_a_row_of_its_own(scoring, inbox_bucket, results):
    drop(inbox_bucket, "b", 2)
    run(scoring, "b", "run-1")
    inbox_bucket.put("b/0000.png", png(8))
    receipt = run(scoring, "b", "run-2")
    assert receipt.listing.count == 2
    assert [v.key for v in receipt.unlisted] == ["b/0000.png"]
    rows = [r for r in results.rows("b").to_pylist() if r["key"] == "b/0000.png"]
    assert sorted(r["digit"] for r in rows) == [0, 8]


def test_objects_overwritten_or_deleted_after_the_listing_are_named(
    settings, scoring, inbox_bucket
):
    drop(inbox_bucket, "b", 3)
    client = control_client(settings)

    def meanwhile():
        inbox_bucket.put("b/0000.png", png(9))
        client.delete_object(Bucket=settings.inbox_bucket, Key="b/0001.png")

    receipt = between(scoring, "b", meanwhile)
    assert receipt.outcomes == {Outcome.SCORED: 1, Outcome.SUPERSEDED: 1, Outcome.VANISHED: 1}
    assert receipt.is_balanced
    again = run(scoring, "b", "run-2")
    assert again.outcomes == {Outcome.SCORED: 2}


def test_what_a_rival_found_gone_is_named_in_the_receipt_of_both(settings, scoring, inbox_bucket):
    drop(inbox_bucket, "b", 3)

    def meanwhile():
        def with_a_loss(score, chunks):
            (chunk,) = chunks
            control_client(settings).delete_object(Bucket=settings.inbox_bucket, Key="b/0001.png")
            return [score(chunk)]

        scoring.run("b", "rival", map=with_a_loss, close=False)

    receipt = between(scoring, "b", meanwhile)
    assert (receipt.verdict, receipt.run.rows_written) == ("complete", 0)
    assert receipt.outcomes == {Outcome.SCORED: 2, Outcome.VANISHED: 1}


def test_an_object_that_vanished_and_came_back_unchanged_is_scored(settings, scoring, inbox_bucket):
    inbox_bucket.put("b/0.png", png(3))
    client = control_client(settings)
    between(
        scoring,
        "b",
        lambda: client.delete_object(Bucket=settings.inbox_bucket, Key="b/0.png"),
    )
    inbox_bucket.put("b/0.png", png(3))
    assert run(scoring, "b", "run-2").outcomes == {Outcome.SCORED: 1}


def test_rejects_are_scored_again_after_a_fix_and_nothing_is_overwritten(
    services, scoring, inbox_bucket, results
):
    drop(inbox_bucket, "b", 3)
    inbox_bucket.put("b/text.png", b"no image")
    inbox_bucket.put("b/zz.png", png(4) + b"\0" * 400)
    first = run(another(services, max_image_bytes=500), "b", "run-1")
    assert first.reasons == {"not-an-image": 1, "too-large": 1}
    parts = {part.key: part.sha256 for part in first.parts}

    second = run(scoring, "b", "run-2", rejects_again=True)
    assert second.run.again_after == "run-1"
    assert second.run.rows_written == 2
    assert second.outcomes == {Outcome.SCORED: 4, Outcome.REJECTED: 1}
    assert second.duplicate_rows == 2
    assert parts.items() < {part.key: part.sha256 for part in second.parts}.items()
    assert {r["key"]: r["digit"] for r in results.rows("b").to_pylist()}["b/zz.png"] == 4
    assert results.verify("b")[1] == ()


def test_two_runs_that_score_the_same_rejects_again_write_them_once(
    services, scoring, inbox_bucket
):
    for i in range(15):
        inbox_bucket.put(f"b/{i:02d}.png", b"no image")
    run(scoring, "b", "run-1")
    both = [another(services) for _ in range(2)]
    written = []

    def counted(score, chunks):
        for recorded in map(score, list(chunks)):
            written.append(recorded.rows_written)
            yield recorded

    def second_inside_the_first(score, chunks):
        listed = list(chunks)
        both[1].run("b", "run-3", map=counted, close=False, rejects_again=True)
        return counted(score, listed)

    both[0].run("b", "run-2", map=second_inside_the_first, close=False, rejects_again=True)
    assert sum(written) == 15


def test_rejects_of_a_batch_that_was_never_scored_cannot_be_scored_again(scoring, inbox_bucket):
    drop(inbox_bucket, "b", 1)
    with pytest.raises(InvalidBatch, match="no receipt yet"):
        scoring.run("b", "run", rejects_again=True)


def test_one_object_that_cannot_be_served_leaves_the_batch_incomplete_and_is_tried_again(
    scoring, inbox, inbox_bucket, results, monkeypatch
):
    drop(inbox_bucket, "b", 12)
    real = inbox_bucket.fetch_once

    def with_a_bad_disk(key, etag):
        if key == "b/0005.png":
            raise Unavailable("bad disk")
        return real(key, etag)

    with monkeypatch.context() as patch:
        patch.setattr("mnist.storage.fetching.time.sleep", lambda _: None)
        patch.setattr(inbox_bucket, "fetch_once", with_a_bad_disk)
        receipt = run(scoring, "b", "run-1")
    assert (receipt.verdict, receipt.missing) == ("incomplete", 1)
    assert run(scoring, "b", "run-2").verdict == "complete"
    assert results.rows("b").num_rows == 12


def test_a_batch_is_listed_only_as_fast_as_it_is_scored(settings, inbox, inbox_bucket, scoring):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: inbox_bucket.put(f"b/{i:04d}.png", png(1)), range(1_050)))
    progress = []

    def see(run):
        progress.append((run.done, run.waiting, run.listed_all))

    run = scoring.run("b", "run", on_progress=see)
    assert progress[0] == (10, 1_000, False)
    assert progress[-1] == (1_050, 1_050, True)
    assert run.receipt.outcomes == {Outcome.SCORED: 1_050}


def test_a_new_champion_does_not_score_recorded_images_again(scoring, inbox_bucket, registry):
    drop(inbox_bucket, "b", 10)
    run(scoring, "b", "run-1")
    registry.version = "2"
    drop(inbox_bucket, "b", 1, first=10)
    receipt = run(scoring, "b", "run-2")
    assert [(m.version, m.rows) for m in receipt.models] == [("1", 10), ("2", 1)]


def test_a_batch_of_rejects_only_is_recorded_and_failed(scoring, inbox_bucket):
    inbox_bucket.put("b/1.png", b"")
    inbox_bucket.put("b/2.png", b"text")
    receipt = run(scoring, "b")
    assert receipt.verdict == "failed"
    assert receipt.is_balanced


@pytest.mark.parametrize("name", ["never", "almost", "b/"])
def test_an_unknown_or_empty_batch_is_named_with_what_there_is(scoring, inbox_bucket, name):
    inbox_bucket.put("real/1.png", png(1))
    inbox_bucket.put("almost/_READY", b"")
    with pytest.raises(InvalidBatch, match=name):
        run(scoring, name)


@pytest.mark.parametrize("batch", ["with space", "ü数", "100%", "a=b", "..batch", "x" * 180])
def test_batches_with_unusual_names_work(scoring, inbox_bucket, results, batch):
    drop(inbox_bucket, batch, 2)
    receipt = run(scoring, batch)
    assert receipt.outcomes == {Outcome.SCORED: 2}
    assert results.receipts(batch) == [receipt]


def test_a_chunk_that_takes_too_long_records_what_it_has_and_the_rest_is_cut_anew(
    services, inbox_bucket, results
):
    drop(inbox_bucket, "b", 7)
    hasty = another(services, chunk_seconds=1e-9)
    receipt = run(hasty, "b")
    assert receipt.outcomes == {Outcome.SCORED: 7}
    assert proven_once_each(results, receipt)
    assert [part.rows for part in receipt.parts] == [1] * 7, "one image each, or it never ends"


def test_what_another_run_has_recorded_of_a_chunk_is_not_done_again(
    services, scoring, inbox_bucket, results
):
    """A part that another run cut short holds rows of some of them; the rest is not lost."""
    drop(inbox_bucket, "b", 25)
    hasty = another(services, chunk_seconds=1e-9)
    assert run(hasty, "b", "hasty", stop_after=1) is None
    receipt = run(scoring, "b", "whole")
    assert receipt.run.rows_written == 24
    assert proven_once_each(results, receipt)


def test_a_folder_that_is_gone_before_it_was_closed_gets_a_receipt_that_says_so(
    scoring, inbox_bucket, results
):
    drop(inbox_bucket, "b", 3)
    scoring.run("b", "first", close=False)
    for i in range(3):
        inbox_bucket._data.delete(f"b/{i:04d}.png")
    receipt = run(scoring, "b", "closing")
    assert receipt.verdict == "complete"
    assert "vanished" in receipt.verdict_reason
    assert receipt.listing.count == 0
    assert len(receipt.unlisted) == 3
    assert results.verify("b")[1] == ()


def test_what_is_overwritten_as_it_is_fetched_is_stated_at_once_though_the_batch_stays_open(
    scoring, inbox_bucket
):
    drop(inbox_bucket, "b", 3)

    def overwritten_first(score, chunks):
        listed = list(chunks)
        inbox_bucket.put("b/0001.png", png(7))
        return map(score, listed)

    receipt = scoring.run("b", "run", map=overwritten_first, close=False).receipt
    assert receipt.outcomes == {Outcome.SCORED: 2, Outcome.SUPERSEDED: 1}
