"""Logs kept in objects, over the real store: what is none of ours is named and stops nothing."""

from datetime import date

import pyarrow as pa
import pytest
from structlog.testing import capture_logs

from mnist.keys import lease_key
from mnist.storage.lease import Lease, holder
from tests.factories import OneModel, png, services_of
from tests.journals import entry_for

STRAYS = {
    "a note": b"remember to ask Ada",
    "json of another kind": b'{"a": 1}',
    "half an entry": b'{"sequence": 1, "at": "2026-',
    "nothing": b"",
    "bytes": bytes(range(256)),
}


@pytest.fixture
def parts(settings, tmp_path):
    return services_of(settings, registry=OneModel(tmp_path))


@pytest.fixture
def filled(parts, inbox_bucket):
    """One entry in each log."""
    inbox_bucket.put("b/1.png", png(1))
    receipt = parts.batch_scoring.run("b", "run").receipt
    parts.journal.append(entry_for("1"))
    parts.gate_slices.set_floor("thin 1", 0.9, dataset="mnist", who="Ada", why="scans")
    parts.verifications.record(receipt, "Ada", [])
    parts.audit.record("Ada", "try", "it", "why")
    parts.monitoring_log.write_report(date(2026, 11, 20), "run", pa.table({"day": [1]}))
    parts.monitoring_log.write_reference(date(2026, 11, 20), pa.table({"day": [1]}))
    return parts


@pytest.mark.parametrize("content", STRAYS.values(), ids=STRAYS)
def test_a_stray_object_is_named_and_stops_nothing(filled, settings, content):
    logs = filled.logs()
    before = [len(log.entries()) for log in logs]
    for log in logs:
        bucket, _, prefix = log.place.partition("/")
        filled.bucket(bucket).put(f"{prefix}notes.txt", content)
    with capture_logs() as lines:
        for log, count in zip(logs, before, strict=True):
            entries = log.entries()
            assert entries.unreadable == [f"{log.prefix}notes.txt"]
            assert len(entries) == count
        for log in logs:
            log.entries()
    named = [line["key"] for line in lines if line["event"] == "object-log.unreadable"]
    assert sorted(named) == sorted(f"{log.prefix}notes.txt" for log in logs)


def test_a_batch_with_a_stray_object_among_its_receipts_is_scored_and_verified(
    filled, settings, inbox_bucket, results_bucket, tmp_path
):
    results_bucket.put("receipts/b/notes.txt", b"remember")
    results_bucket.put("receipts/b/half.json", b'{"batch": "b"')
    inbox_bucket.put("b/2.png", png(2))
    fresh = services_of(settings, registry=OneModel(tmp_path))
    assert fresh.batch_scoring.run("b", "again").receipt.listing.count == 2
    assert fresh.results.verify("b")[1] == ()
    assert set(fresh.results.latest_receipts().unreadable) == {
        "receipts/b/notes.txt",
        "receipts/b/half.json",
    }


def test_the_next_number_is_free_even_after_a_damaged_entry(parts, results_bucket):
    assert parts.journal.append(entry_for("1")).sequence == 1
    results_bucket.put("journal/00000002.json", b"half an ent")
    results_bucket.put("journal/notes.txt", b"hello")
    assert parts.journal.append(entry_for("2")).sequence == 3
    assert [entry.to_version for entry in parts.journal.entries()] == ["1", "2"]


def test_a_damaged_entry_after_the_last_move_is_told_from_an_older_one(parts, results_bucket):
    parts.journal.append(entry_for("1"))
    results_bucket.put("journal/00000002.json", b"half an ent")
    assert parts.journal.log.damaged(1) == ["journal/00000002.json"]
    parts.journal.append(entry_for("2"))
    assert parts.journal.log.damaged(3) == []


@pytest.mark.parametrize("content", STRAYS.values(), ids=STRAYS)
def test_a_broken_lease_holds_nobody_up(parts, results_bucket, content):
    results_bucket.put(lease_key("b"), content)
    assert holder(results_bucket, "b") is None
    with Lease(results_bucket, "b", "run", seconds=30):
        assert holder(results_bucket, "b").run == "run"


def test_an_entry_that_was_changed_is_parsed_anew(filled, results_bucket):
    (key,) = filled.results.receipt_log.entries().by_key
    content = results_bucket.fetch(key).replace(b'"b"', b'"c"', 1)
    results_bucket.put(key, content)
    (receipt,) = filled.results.receipt_log.entries()
    assert receipt.batch == "c"


def test_the_watcher_goes_on_beside_strays_everywhere(filled, inbox_bucket, results_bucket):
    for prefix in ("receipts/", "receipts/b/", "journal/", "leases/", "scores/"):
        results_bucket.put(f"{prefix}notes.txt", b"remember")
    inbox_bucket.put("new/1.png", png(1))
    sweeper = filled.new_sweeper()
    assert sweeper.due()
    assert {batch for batch in sweeper.due() if sweeper.begin(batch) and sweeper.look(batch)} == {
        "new"
    }
    assert filled.batch_scoring.run("new", "run").receipt.verdict == "complete"
