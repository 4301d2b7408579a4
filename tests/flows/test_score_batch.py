"""The flow `score-batch` in a real Prefect engine."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from flows.score_batch import score_batch
from flows.verify import verify
from mnist.errors import (
    BatchFailed,
    IntegrityError,
    InvalidBatch,
    LeaseHeld,
    NoChampion,
    Unavailable,
)
from mnist.keys import lease_key
from mnist.storage.lease import LeaseRecord
from mnist.storage.results import Results
from mnist.storage.verifications import VerificationLog
from mnist.tables import ROWS, to_parquet
from tests.factories import png

pytestmark = pytest.mark.usefixtures("wired")


def drop(bucket, batch, count):
    for i in range(count):
        bucket.put(f"{batch}/{i:03d}.png", png(i % 10))


def test_a_batch_is_scored_in_chunks_and_its_receipt_returned(inbox_bucket, results):
    drop(inbox_bucket, "b", 25)
    inbox_bucket.put("b/empty.png", b"")
    summary = score_batch("b")
    assert (summary["listed"], summary["scored"], summary["rejected"]) == (26, 25, 1)
    assert len(results.part_keys("b")) == 3
    (receipt,) = results.receipts("b")
    assert receipt.is_balanced


def test_running_it_again_changes_nothing(inbox_bucket, results):
    drop(inbox_bucket, "b", 5)
    assert score_batch("b") == score_batch("b")
    assert len(results.receipts("b")) == 1


def test_a_batch_may_be_left_open_and_closed_later(inbox_bucket, results):
    drop(inbox_bucket, "b", 3)
    summary = {"batch": "b", "verdict": "open", "listed": 3, "new": 3, "missing": 0}
    assert score_batch("b", close=False) == summary
    assert results.rows("b").num_rows == 3
    assert results.receipts("b") == []
    assert score_batch("b")["verdict"] == "complete"


def test_verifying_keeps_what_was_found(inbox_bucket, results_bucket):
    drop(inbox_bucket, "b", 3)
    score_batch("b")
    assert verify("b")["scored"] == 3
    (found,) = VerificationLog(results_bucket).latest().values()
    assert (found.batch, found.problems, found.who) == ("b", (), "flow run verify-b")
    results_bucket.put(Results(results_bucket).part_keys("b")[0], to_parquet(ROWS.empty_table()))
    with pytest.raises(IntegrityError, match="was changed"):
        verify("b")
    (found,) = VerificationLog(results_bucket).latest().values()
    assert "was changed" in found.problems[0]


def test_without_a_name_every_batch_and_the_journal_are_verified(inbox_bucket, results_bucket):
    for name in ("a", "b"):
        drop(inbox_bucket, name, 1)
        score_batch(name)
    assert verify() == {"batches": 2}
    assert set(VerificationLog(results_bucket).latest()) == {"a", "b"}
    results_bucket.put(Results(results_bucket).part_keys("b")[0], to_parquet(ROWS.empty_table()))
    with pytest.raises(IntegrityError, match=r"Not everything holds: Part scores/b/"):
        verify()


def test_people_see_the_receipt_in_prefect(inbox_bucket, wired, monkeypatch):
    address = {"dashboard_url": "https://digits.example.com/"}
    monkeypatch.setattr(wired, "settings", wired.settings.model_copy(update=address))
    drop(inbox_bucket, "Seen By People", 3)
    score_batch("Seen By People")
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["receipt-seen-by-people"]))
        )
    assert "3 listed = 3 scored" in artifact.data
    page = "https://digits.example.com/batches?batch=Seen+By+People"
    assert f"[The batch on the dashboard]({page})" in artifact.data


def test_an_unknown_batch_fails_with_the_ones_there_are(inbox_bucket):
    drop(inbox_bucket, "real", 1)
    state = score_batch("unreal", return_state=True)
    assert state.is_failed()
    with pytest.raises(InvalidBatch, match="batches there: real"):
        state.result()


def test_without_a_champion_nothing_is_recorded_and_the_run_says_what_to_do(
    inbox_bucket, results, registry, monkeypatch
):
    def none():
        raise NoChampion("run retrain/default first")

    monkeypatch.setattr(registry, "champion", none)
    drop(inbox_bucket, "b", 3)
    state = score_batch("b", return_state=True)
    assert state.is_failed()
    assert "NoChampion: run retrain/default first" in state.message
    assert results.part_keys("b") == []


def test_too_many_rejects_fail_the_run_and_keep_every_row(inbox_bucket, results):
    inbox_bucket.put("b/1.png", b"text")
    inbox_bucket.put("b/2.png", b"")
    with pytest.raises(BatchFailed, match="All 2 images were rejected"):
        score_batch("b")
    assert results.rows("b")["outcome"].to_pylist() == ["rejected", "rejected"]


def test_a_failed_batch_is_logged_as_an_error(inbox_bucket, caplog):
    inbox_bucket.put("b/1.png", b"text")
    with pytest.raises(BatchFailed):
        score_batch("b")
    (line,) = [r for r in caplog.records if r.getMessage().startswith("b: ")]
    assert (line.levelname, "were rejected" in line.getMessage()) == ("ERROR", True)
    state = score_batch("b", return_state=True)
    assert (state.is_failed(), state.name) == (True, "BatchFailed")
    assert "All 1 images were rejected" in state.message


def test_a_batch_that_another_run_holds_is_left_alone(inbox_bucket, results_bucket, results):
    drop(inbox_bucket, "b", 3)
    record = LeaseRecord(run="another", expires_at=datetime.now(UTC) + timedelta(minutes=5))
    results_bucket.create(lease_key("b"), record.model_dump_json().encode())
    with pytest.raises(LeaseHeld, match="another"):
        score_batch("b", wait_seconds=0)
    assert results.part_keys("b") == []


def test_a_store_that_hiccups_costs_a_retry_not_the_batch(inbox_bucket, results, monkeypatch):
    from flows.score_batch import score_chunk
    from mnist import services

    drop(inbox_bucket, "b", 3)
    real = services.current().inbox.fetch_many
    calls = []

    def hiccup(version):
        calls.append(version)
        if len(calls) == 1:
            raise Unavailable("a hiccup")
        return real(version)

    monkeypatch.setattr(services.current().inbox, "fetch_many", hiccup)
    monkeypatch.setattr(score_chunk, "retry_delay_seconds", [0])
    assert score_batch("b")["scored"] == 3


def test_a_broken_graph_is_not_retried(inbox_bucket, registry, monkeypatch):
    from mnist.errors import IntegrityError

    calls = []

    def broken(model):
        calls.append(model)
        raise IntegrityError("another digest")

    monkeypatch.setattr(registry, "predictor", broken)
    drop(inbox_bucket, "b", 3)
    with pytest.raises(IntegrityError):
        score_batch("b")
    assert len(calls) == 1
