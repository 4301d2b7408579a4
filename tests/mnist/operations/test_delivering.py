"""Every receipt is announced, whatever the receiver does and whenever a process ends."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from mnist.keys import current_key, delivery_key, receipt_key
from mnist.operations.completion_message import completion_message
from mnist.operations.delivering import Delivering
from mnist.scoring.receipts import Receipt
from mnist.scoring.reconciliation import ListingLog, RejectLimit, write_up
from mnist.services import Services
from tests.factories import InMemory, rows, version
from tests.mnist.scoring.test_receipts import RUN
from tests.receiver import SECRET, receiver
from tests.waiting import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def there():
    with receiver() as running:
        yield running


@pytest.fixture
def services(there, tmp_path):
    return InMemory(
        webhook_url=there.url,
        webhook_secret=SecretStr(SECRET),
        dashboard_url="https://digits.example.com/",
        prefect_api_url=None,
        cache_dir=tmp_path,
    )


def close(services: Services, batch: str, run: str = "run", *, reject: bool = False) -> Receipt:
    """Write a part and a receipt of a batch, as a run that then dies."""
    image = version(f"{batch}/1.png")
    values = {"outcome": "rejected", "reason": "blank"} if reject else {}
    services.results.write_part(batch, "c" * 40, rows(image, batch=batch, **values))
    listing = ListingLog()
    listing.extend([image])
    record = RUN.model_copy(update={"name": run, "finished_at": datetime.now(UTC)})
    receipt = write_up(
        batch,
        record,
        listing=listing,
        unsettled=[],
        parts=services.results.parts(batch),
        limit=RejectLimit(rate=1, count=9),
    )
    services.results.write_receipt(receipt)
    return receipt


def is_recorded(services: Services, batch: str, run: str = "run") -> bool:
    return services.results_bucket.exists(delivery_key(receipt_key(batch, run)))


def turns(delivering: Delivering, clock: Clock, seconds: float) -> None:
    """Let time pass as the thread does: a turn, then the pause it asks for."""
    end = clock.now + seconds
    while clock.now < end:
        clock.now += delivering.once()


def test_a_receipt_is_told_once_with_sums_keys_and_links(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "a b")
    turns(delivering, clock, 300)
    ((_, body),) = there.received
    message = json.loads(body)
    assert message["type"] == "batch.completed"
    assert message["data"] == {
        "batch": "a b",
        "verdict": "complete",
        "listed": 1,
        "scored": 1,
        "rejected": 0,
        "empty": 0,
        "not-a-digit": 0,
        "superseded": 0,
        "vanished": 0,
        "missing": 0,
        "accepted": 1,
        "review": 0,
        "reason": "Each of 1 object versions has exactly one outcome.",
        "bucket": "results",
        "receipt": "receipts/a b/run.json",
        "current": {kind: f"current/a!20b.{kind}" for kind in ("parquet", "csv", "jsonl")},
        "links": {"batch": "https://digits.example.com/batches?batch=a+b"},
    }
    assert is_recorded(services, "a b")
    assert SECRET not in body.decode()


def test_the_rows_are_there_before_the_message(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b")
    assert services.results_bucket.metadata(current_key("b", "csv")) is None
    turns(delivering, clock, 31)
    assert there.batches == ["b"]
    for kind in ("parquet", "csv", "jsonl"):
        assert services.results_bucket.metadata(current_key("b", kind)) == {
            "receipt": receipt_key("b", "run")
        }


def test_a_failed_batch_is_told_too(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b", reject=True)
    turns(delivering, clock, 31)
    assert json.loads(there.received[0][1])["type"] == "batch.failed"


def test_what_was_just_written_is_told_without_a_look(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    delivering.expect(close(services, "b"))
    delivering.once()
    assert there.batches == ["b"]


def test_who_dies_before_the_record_is_made_up_for_with_the_same_identifier(
    services, there, clock, monkeypatch
):
    class Killed(BaseException):
        pass

    def die(_delivery):
        raise Killed

    first = Delivering(services, clock)
    first.once()
    close(services, "b")
    monkeypatch.setattr(services.deliveries, "record", die)
    clock.now += 60
    with pytest.raises(Killed):
        first.once()
    monkeypatch.undo()
    turns(Delivering(services, clock), clock, 60)
    assert there.batches == ["b", "b"]
    assert len(set(there.ids)) == 1
    turns(Delivering(services, clock), clock, 3_600)
    assert len(there.received) == 2


def test_a_receiver_that_was_away_for_a_day_loses_nothing(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    batches = [f"b{number}" for number in range(20)]
    for batch in batches:
        close(services, batch)
    there.answers = [(503, {})] * 100_000
    turns(delivering, clock, 24 * 3_600)
    asked = len(there.received)
    assert 200 < asked < 1_000, "not more than one request in five minutes or so"
    there.answers.clear()
    turns(delivering, clock, 301)
    assert sorted(there.batches[asked:]) == sorted(batches)
    assert all(is_recorded(services, batch) for batch in batches)


def test_one_refused_message_does_not_hold_up_the_others(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "bad")
    there.answers = [(400, {})]
    clock.now += 31
    delivering.once()
    close(services, "good")
    delivering.expect(services.results.last_receipt("good"))
    delivering.once()
    assert is_recorded(services, "good")
    assert not is_recorded(services, "bad")
    turns(delivering, clock, 60)
    assert is_recorded(services, "bad")


def test_a_refused_message_is_tried_less_and_less_often(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b")
    there.answers = [(400, {})] * 1_000
    turns(delivering, clock, 24 * 3_600)
    assert 24 <= len(there.received) <= 65


def test_retry_after_is_heeded(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b")
    there.answers = [(429, {"Retry-After": "900"})]
    clock.now += 31
    delivering.once()
    turns(delivering, clock, 880)
    assert len(there.received) == 1
    turns(delivering, clock, 60)
    assert is_recorded(services, "b")


def test_who_is_gone_is_left_alone_until_the_next_start(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b")
    close(services, "c")
    there.answers = [(410, {})]
    turns(delivering, clock, 24 * 3_600)
    assert len(there.received) == 1
    assert not is_recorded(services, "b")
    turns(Delivering(services, clock), clock, 31)
    assert is_recorded(services, "b")
    assert is_recorded(services, "c")


def test_receipts_from_before_the_first_start_are_not_told_but_get_their_rows(
    services, there, clock
):
    close(services, "old")
    turns(Delivering(services, clock), clock, 60)
    assert there.received == []
    assert services.results_bucket.metadata(current_key("old", "csv"))
    close(services, "new")
    turns(Delivering(services, clock), clock, 60)
    assert there.batches == ["new"]


def test_a_stray_object_among_the_receipts_stops_nothing(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    services.results_bucket.put("receipts/aa/stray.json", b"no receipt")
    services.results_bucket.put("receipts/stray.txt", b"no receipt")
    close(services, "b")
    turns(delivering, clock, 100)
    assert there.batches == ["b"]


def test_two_receipts_of_a_batch_are_two_messages(services, there, clock):
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b", "one")
    close(services, "b", "two")
    turns(delivering, clock, 31)
    assert len(set(there.ids)) == 2


def test_without_an_address_nothing_is_sent_and_rows_are_written(there, clock, tmp_path):
    services = InMemory(prefect_api_url=None, cache_dir=tmp_path)
    delivering = Delivering(services, clock)
    delivering.once()
    close(services, "b")
    turns(delivering, clock, 31)
    assert is_recorded(services, "b")
    assert services.results_bucket.metadata(current_key("b", "csv"))


def test_the_run_is_linked_where_it_is_one_of_prefect(tmp_path):
    services = InMemory(prefect_api_url="http://prefect.example.com/api", cache_dir=tmp_path)
    run = "6f0c7a52-54b5-4b3a-9d53-0f6ce0b4d0d4"
    links = completion_message(close(services, "b", run), services).data["links"]
    assert links == {"run": f"http://prefect.example.com/runs/flow-run/{run}"}
