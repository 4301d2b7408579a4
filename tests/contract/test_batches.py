"""Scoring batches on a real store: nothing lost, nothing twice, whatever happens in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from mnist.digits import Outcome
from mnist.errors import InvalidBatch
from mnist.keys import listing_digest
from mnist.operations.batches import BatchScoring
from mnist.scoring.receipts import Receipt
from mnist.storage.bucket import control_client
from tests.factories import OneModel, png


@pytest.fixture
def registry(tmp_path):
    return OneModel(tmp_path)


@pytest.fixture
def scoring(settings, inbox, results, registry):
    return BatchScoring(settings, inbox, results, registry)


def drop(bucket, batch, count, *, first=0):
    for i in range(first, first + count):
        bucket.drop(f"{batch}/{i:04d}.png", png(i % 10))


def run(scoring: BatchScoring, batch: str, name: str = "run", *, stop_after: int | None = None):
    """Do what the flow does; stop after some chunks as a killed process would."""
    listed = scoring.listed(batch)
    missing = scoring.missing(batch, listed)
    chunks = list(scoring.chunks(missing, scoring.pinned_champion()))[:stop_after]
    recorded = [scoring.score(chunk, batch, scoring.pinned_champion()) for chunk in chunks]
    if stop_after is not None:
        return None
    return scoring.close(
        batch, name, started_at=datetime.now(UTC), listed=listed, recorded=recorded
    )


def proven_once_each(results, receipt: Receipt) -> bool:
    """Check a receipt against the rows as a stranger would: from the store alone."""
    rows = results.rows(receipt.batch)
    identities = rows["identity"].to_pylist()
    unique = len(set(identities)) == len(identities)
    return unique and listing_digest(identities) == receipt.listing.digest


def test_every_dropped_image_ends_in_exactly_one_row(scoring, inbox_bucket, results):
    drop(inbox_bucket, "b", 25)
    inbox_bucket.drop("b/empty.png", b"")
    inbox_bucket.drop("b/text.png", b"no image")
    receipt = run(scoring, "b")
    assert receipt.verdict == "complete"
    assert receipt.outcomes == {Outcome.SCORED: 25, Outcome.REJECTED: 2}
    assert proven_once_each(results, receipt)
    digits = {r["key"]: r["digit"] for r in results.rows("b").to_pylist() if r["digit"] is not None}
    assert all(digit == int(key[-8:-4]) % 10 for key, digit in digits.items())


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


def test_two_runs_at_once_lose_nothing_and_double_nothing(
    settings, inbox, inbox_bucket, results_bucket, registry
):
    from mnist.storage.results import Results

    drop(inbox_bucket, "b", 60)
    both = [BatchScoring(settings, inbox, Results(results_bucket), registry) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        receipts = list(pool.map(run, both, ["b", "b"], ["run-1", "run-2"]))
    assert sum(receipt.run.rows_written for receipt in receipts) == 60
    for receipt in receipts:
        assert receipt.outcomes == {Outcome.SCORED: 60}
        assert proven_once_each(Results(results_bucket), receipt)


def test_runs_that_cut_different_chunks_still_count_each_version_once(
    settings, scoring, inbox, inbox_bucket, results, registry
):
    drop(inbox_bucket, "b", 30)
    listed = scoring.listed("b")
    other = BatchScoring(settings.model_copy(update={"chunk_images": 7}), inbox, results, registry)
    for each in (scoring, other):
        for chunk in each.chunks(listed, registry.champion()):
            each.score(chunk, "b", registry.champion())
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
    inbox_bucket.drop("b/0000.png", png(8))
    receipt = run(scoring, "b", "run-2")
    assert receipt.listing.count == 2
    assert [v.key for v in receipt.unlisted] == ["b/0000.png"]
    rows = [r for r in results.rows("b").to_pylist() if r["key"] == "b/0000.png"]
    assert sorted(r["digit"] for r in rows) == [0, 8]


def test_objects_overwritten_or_deleted_after_the_listing_are_named(
    settings, scoring, inbox_bucket, registry
):
    drop(inbox_bucket, "b", 3)
    listed = scoring.listed("b")
    inbox_bucket.drop("b/0000.png", png(9))
    client = control_client(settings)
    client.delete_object(Bucket=settings.inbox_bucket, Key="b/0001.png")
    model = registry.champion()
    done = [scoring.score(c, "b", model) for c in scoring.chunks(listed, model)]
    receipt = scoring.close("b", "run", started_at=datetime.now(UTC), listed=listed, recorded=done)
    assert receipt.outcomes == {Outcome.SCORED: 1, Outcome.SUPERSEDED: 1, Outcome.VANISHED: 1}
    assert receipt.is_balanced
    again = run(scoring, "b", "run-2")
    assert again.outcomes == {Outcome.SCORED: 2}


def test_an_object_that_vanished_and_came_back_unchanged_is_scored(
    settings, scoring, inbox_bucket, registry
):
    inbox_bucket.drop("b/0.png", png(3))
    listed = scoring.listed("b")
    client = control_client(settings)
    client.delete_object(Bucket=settings.inbox_bucket, Key="b/0.png")
    model = registry.champion()
    for chunk in scoring.chunks(listed, model):
        scoring.score(chunk, "b", model)
    inbox_bucket.drop("b/0.png", png(3))
    assert run(scoring, "b").outcomes == {Outcome.SCORED: 1}


def test_a_new_champion_does_not_score_recorded_images_again(scoring, inbox_bucket, registry):
    drop(inbox_bucket, "b", 10)
    run(scoring, "b", "run-1")
    registry.version = "2"
    drop(inbox_bucket, "b", 1, first=10)
    receipt = run(scoring, "b", "run-2")
    assert [(m.version, m.rows) for m in receipt.models] == [("1", 10), ("2", 1)]


def test_a_batch_of_rejects_only_is_recorded_and_failed(scoring, inbox_bucket):
    inbox_bucket.drop("b/1.png", b"")
    inbox_bucket.drop("b/2.png", b"text")
    receipt = run(scoring, "b")
    assert receipt.verdict == "failed"
    assert receipt.is_balanced


@pytest.mark.parametrize("name", ["never", "almost", "b/"])
def test_an_unknown_or_empty_batch_is_named_with_what_there_is(scoring, inbox_bucket, name):
    inbox_bucket.drop("real/1.png", png(1))
    inbox_bucket.drop("almost/_READY", b"")
    with pytest.raises(InvalidBatch, match=name):
        run(scoring, name)


@pytest.mark.parametrize("batch", ["with space", "ü数", "100%", "a=b", "..batch", "x" * 180])
def test_batches_with_unusual_names_work(scoring, inbox_bucket, results, batch):
    drop(inbox_bucket, batch, 2)
    receipt = run(scoring, batch)
    assert receipt.outcomes == {Outcome.SCORED: 2}
    assert results.receipts(batch) == [receipt]
