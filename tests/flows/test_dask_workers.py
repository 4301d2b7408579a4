"""Chunks scored by Dask workers give the rows that this process gives."""

import pytest
from distributed import LocalCluster

from flows.score_batch import score_batch
from flows.support.fan_out import dask_workers
from flows.support.streaming import in_flight
from mnist import services
from mnist.digits import Outcome
from mnist.errors import Unavailable
from mnist.scoring.differences import content_name
from mnist.storage.results import Results
from tests.factories import png


@pytest.fixture
def scheduler():
    """Two small workers; in this process, so that they know this test's wiring."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def drop(bucket, batch):
    for i in range(45):
        bucket.put(f"{batch}/{i:03d}.png", png(i % 10, mark=i) if i % 9 else b"no image")


def content(results: Results, batch: str) -> str:
    """Digest the rows of a batch, whenever and wherever they were made."""
    rows = results.rows(batch).sort_by("key")
    keys = [key.partition("/")[2] for key in rows["key"].to_pylist()]
    renamed = rows.set_column(0, "key", [keys])
    return content_name(renamed.drop_columns(["scored_at", "batch", "chunk", "identity"]))


@pytest.mark.usefixtures("wired")
def test_workers_give_the_rows_that_this_process_gives(
    scheduler, settings, inbox_bucket, results, monkeypatch
):
    drop(inbox_bucket, "here")
    drop(inbox_bucket, "there")
    here = score_batch("here")
    elsewhere = settings.model_copy(update={"dask_scheduler": scheduler})
    services.current().settings = elsewhere
    there = score_batch("there")
    assert there | {"batch": "here"} == here
    assert content(results, "there") == content(results, "here")


@pytest.mark.usefixtures("wired")
def test_a_worker_tries_again_when_the_store_hiccups(scheduler, inbox_bucket, monkeypatch):
    drop(inbox_bucket, "b")
    scoring = services.current().batch_scoring
    real, failed = scoring.score, []

    def hiccup(chunk):
        if chunk.name not in failed:
            failed.append(chunk.name)
            raise Unavailable("a hiccup")
        return real(chunk)

    monkeypatch.setattr(scoring, "score", hiccup)
    monkeypatch.setattr("flows.support.fan_out.RETRY_SECONDS", [0])
    with dask_workers(scheduler) as (submit, limit):
        assert limit == 4
        run = scoring.run("b", "run", map=lambda _, chunks: in_flight(submit, chunks, limit))
    assert len(failed) == 5
    assert run.receipt.outcomes == {Outcome.SCORED: 40, Outcome.REJECTED: 5}


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("flows.support.fan_out._CONNECT_SECONDS", 0.5)
    with (
        pytest.raises(Unavailable, match="MNIST_DASK_SCHEDULER"),
        dask_workers("tcp://127.0.0.1:1"),
    ):
        pass
