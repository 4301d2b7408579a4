"""The newest receipt of every batch, from a real store."""

from datetime import UTC, datetime, timedelta

import pytest

from mnist.errors import Unavailable
from mnist.keys import receipt_key
from mnist.scoring.receipts import PartRecord, RunRecord
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.storage.bucket import Bucket
from mnist.storage.results import Results
from tests.factories import rows, version

_LIMIT = RejectLimit(rate=0.5, count=100)


def receipt(batch, run, minutes):
    finished = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    one = version(f"{batch}/a.png")
    listing = ListingLog()
    listing.extend([one])
    return write_up(
        batch,
        RunRecord(name=run, started_at=finished, finished_at=finished, rows_written=1),
        listing=listing,
        unsettled=[],
        parts=[(PartRecord(key="part", sha256="d", rows=1), rows(one))],
        limit=_LIMIT,
    )


def test_of_several_receipts_the_newest_counts_whatever_its_name(results):
    results.write_receipt(receipt("b", "z", minutes=1))
    results.write_receipt(receipt("b", "a", minutes=2))
    results.write_receipt(receipt("c/odd ü", "x", minutes=0))
    latest = results.latest_receipts()
    assert {name: r.run.name for name, r in latest.by_batch.items()} == {"b": "a", "c/odd ü": "x"}
    assert latest.unreadable == []


def test_a_receipt_is_seen_as_soon_as_it_is_written(results):
    results.write_receipt(receipt("b", "1", minutes=1))
    results.latest_receipts()
    results.write_receipt(receipt("b", "2", minutes=2))
    assert results.latest_receipts().by_batch["b"].run.name == "2"


def test_what_is_no_receipt_is_named_and_the_others_are_read(results, results_bucket):
    results.write_receipt(receipt("b", "1", minutes=1))
    odd = receipt_key("b", "odd")
    results_bucket.create(odd, b"{}")
    latest = results.latest_receipts()
    assert latest.unreadable == [odd]
    assert list(latest.by_batch) == ["b"]


def test_a_receipt_is_fetched_once(results_bucket):
    reads = []

    class Counting:
        name = results_bucket.name
        versions = results_bucket.versions
        create = results_bucket.create

        def fetch(self, key):
            reads.append(key)
            return results_bucket.fetch(key)

    results = Results(Counting())
    results.write_receipt(receipt("b", "1", minutes=1))
    results.latest_receipts()
    results.latest_receipts()
    assert reads == [receipt_key("b", "1")]


def test_a_store_that_is_down_is_said_to_be(settings):
    gone = settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:1"})
    with pytest.raises(Unavailable):
        Results(Bucket.on_s3(gone, "results")).latest_receipts()
