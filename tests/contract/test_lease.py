"""Leases on a real store: one holder at a time, take-over of the silent, nothing left behind."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mnist.errors import InvalidBatch, LeaseHeld
from mnist.keys import LEASES, lease_key
from mnist.storage.clients import control_client
from mnist.storage.lease import Lease, LeaseRecord, holder
from tests.factories import png


def lease(bucket, run, *, seconds=60, wait_seconds=0.0):
    return Lease(bucket, "b", run, seconds=seconds, wait_seconds=wait_seconds)


def leave_behind(bucket, run, expires_at):
    """Write the lease of a run that died."""
    record = LeaseRecord(run=run, expires_at=expires_at)
    assert bucket.create(lease_key("b"), record.model_dump_json().encode()) is not None


def test_a_second_run_is_told_who_works_on_the_batch(results_bucket):
    with (
        lease(results_bucket, "run-1"),
        pytest.raises(LeaseHeld, match="Run run-1 is working on batch 'b'"),
        lease(results_bucket, "run-2"),
    ):
        pytest.fail("two runs held one lease")


def test_a_released_lease_is_free_at_once(results_bucket):
    for run in ("run-1", "run-2", "run-1"):
        with lease(results_bucket, run):
            pass


def test_an_error_releases_the_lease(results_bucket):
    with pytest.raises(ZeroDivisionError), lease(results_bucket, "run-1"):
        raise ZeroDivisionError
    with lease(results_bucket, "run-2"):
        pass


def test_the_lease_of_a_dead_run_is_taken_over_when_it_expires(results_bucket):
    leave_behind(results_bucket, "dead", datetime.now(UTC) - timedelta(seconds=1))
    with lease(results_bucket, "run-2"):
        held = json.loads(results_bucket.fetch(lease_key("b")))
        assert held["run"] == "run-2"


def test_a_retried_run_enters_again_although_its_lease_has_not_expired(results_bucket):
    leave_behind(results_bucket, "run-1", datetime.now(UTC) + timedelta(hours=1))
    with lease(results_bucket, "run-1"):
        pass


def test_whoever_waits_gets_the_lease_when_it_becomes_free(results_bucket):
    leave_behind(results_bucket, "dead", datetime.now(UTC) + timedelta(seconds=1))
    with lease(results_bucket, "run-2", wait_seconds=30):
        pass


def test_of_many_who_take_over_one_succeeds(results_bucket):
    leave_behind(results_bucket, "dead", datetime.now(UTC) - timedelta(seconds=1))
    everyone_tried = threading.Barrier(8)

    def enter(number: int) -> bool:
        try:
            with lease(results_bucket, f"run-{number}"):
                everyone_tried.wait(30)
                return True
        except LeaseHeld:
            everyone_tried.wait(30)
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enter, range(8))) == 1


def test_a_long_run_keeps_its_lease(results_bucket):
    with lease(results_bucket, "run-1", seconds=1):
        first = json.loads(results_bucket.fetch(lease_key("b")))["expires_at"]
        while json.loads(results_bucket.fetch(lease_key("b")))["expires_at"] == first:
            pass
        with pytest.raises(LeaseHeld), lease(results_bucket, "run-2"):
            pass


@pytest.mark.parametrize("name", ["typo", "a/b", ""])
def test_the_name_of_no_batch_leaves_no_lease_behind(services, inbox_bucket, results_bucket, name):
    inbox_bucket.put("monday/1.png", png(1))
    with pytest.raises(InvalidBatch), services.lease(name, "run", 0):
        pytest.fail("a batch that does not exist was held")
    assert list(results_bucket.versions(LEASES)) == []


def test_a_batch_whose_images_were_deleted_can_still_be_held(
    settings, services, inbox_bucket, results_bucket
):
    inbox_bucket.put("b/1.png", png(1))
    services.batch_scoring.run("b", "run")
    control_client(settings).delete_object(Bucket=settings.inbox_bucket, Key="b/1.png")
    with services.lease("b", "run-2", 0):
        assert holder(results_bucket, "b").run == "run-2"
