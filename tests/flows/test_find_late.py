"""What should have happened and has not is found and announced, once a day for each."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.find_late import find_late
from mnist.operations.lateness import Lateness
from tests.factories import png
from tests.journals import journal

pytestmark = pytest.mark.usefixtures("wired")

SOON, LATE = timedelta(minutes=59), timedelta(minutes=61)


@pytest.fixture
def announced(monkeypatch):
    """Collect events instead of sending them."""
    found = []
    monkeypatch.setattr("flows.support.events.emit_event", lambda **event: found.append(event))
    return found


def test_a_batch_without_a_receipt_is_late_after_an_hour(services, inbox_bucket):
    inbox_bucket.put("scans/1.png", png(1))
    now = datetime.now(UTC)
    lateness = Lateness(services)
    assert lateness.find(now + SOON) == []
    (late,) = lateness.find(now + LATE)
    assert (late.event, late.names) == ("batch.late", ("scans",))
    assert "0 of them are scored in part. See whether the watcher runs" in late.sentence


def test_many_late_batches_are_one_entry_that_names_the_first(services, inbox_bucket):
    for number in range(8):
        inbox_bucket.put(f"scans-{number}/1.png", png(1))
    (late,) = Lateness(services).find(datetime.now(UTC) + LATE)
    assert sorted(late.names) == [f"scans-{number}" for number in range(8)]
    assert late.sentence.startswith("8 batches wait for their receipts, the first since ")
    assert " and 3 more. " in late.sentence


def test_what_only_prepares_a_batch_does_not_make_it_late(services, inbox_bucket):
    """A layout comes first, and may be weeks old when the first image comes."""
    inbox_bucket.put("cards/_LAYOUT.json", b"{}")
    inbox_bucket.put("cards/.DS_Store", b"?")
    inbox_bucket.put("cards/_READY", b"")
    assert Lateness(services).find(datetime.now(UTC) + LATE) == []


def test_a_batch_with_its_receipt_is_not(wired, inbox_bucket):
    inbox_bucket.put("scans/1.png", png(1))
    wired.batch_scoring.run("scans", "run")
    assert Lateness(wired).find(datetime.now(UTC) + LATE) == []


def test_more_than_a_week_without_a_decision_is_late_and_none_at_all_is_not(services):
    now = datetime.now(UTC)
    assert Lateness(services).find(now) == []
    (entry,) = journal("promoted 1")
    services.journal.append(lambda *_: entry.model_copy(update={"at": now}))
    assert Lateness(services).find(now + timedelta(days=7)) == []
    (late,) = Lateness(services).find(now + timedelta(days=9))
    assert late.event == "decision.late"
    assert "more than 8 days ago" in late.sentence


def test_people_are_told_with_an_event_that_is_the_same_all_day(wired, inbox_bucket, announced):
    inbox_bucket.put("scans/1.png", png(1))
    wired.settings = wired.settings.model_copy(update={"late_batch_minutes": 1e-9})
    (sentence,) = find_late()
    find_late()
    first, second = announced
    assert first["event"] == "batch.late"
    assert first["resource"]["prefect.resource.id"] == "mnist.batch.scans"
    assert first["payload"]["sentence"] == sentence
    assert first["id"] == second["id"]
