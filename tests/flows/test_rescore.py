"""The flow `rescore` in a real Prefect engine, over a real store."""

import io

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from flows.rescore import rescore
from flows.score_batch import score_batch
from mnist import services
from mnist.errors import InvalidBatch, InvalidInput
from tests.factories import SeveralModels, png


@pytest.fixture
def registry(tmp_path):
    """Version 2 swaps 4 and 9."""
    return SeveralModels(tmp_path)


@pytest.fixture
def scored(wired, inbox_bucket, registry):
    """Two batches scored by version 2, which is champion no longer, and one by version 1."""
    registry.champion_version = "2"
    for batch in ("a", "b"):
        for digit in range(10):
            inbox_bucket.put(f"{batch}/{digit}.png", png(digit))
    inbox_bucket.put("b/empty.png", b"")
    score_batch("a")
    score_batch("b")
    registry.champion_version = "1"
    inbox_bucket.put("c/4.png", png(4))
    score_batch("c")


@pytest.fixture
def everything(results_bucket):
    """Read the whole bucket: key -> bytes."""

    def read():
        pages = results_bucket.versions()
        return {v.key: results_bucket.fetch(v.key) for page in pages for v in page}

    return read


@pytest.mark.usefixtures("scored")
def test_what_a_bad_version_read_is_read_again_and_nothing_is_overwritten(
    everything, results_bucket
):
    before = everything()
    summary = rescore("2")
    after = everything()

    assert {key: after[key] for key in before} == before
    assert all(key.startswith("rescores/from=2/to=1/") for key in after.keys() - before.keys())
    assert (summary["compared"], summary["gone"]) == (21, 0)
    assert summary["digits_changed"] == summary["changed"] == 4

    changed = pq.read_table(io.BytesIO(after[summary["parquet"]])).to_pylist()
    assert [(row["key"], row["old_digit"], row["new_digit"]) for row in changed] == [
        ("a/4.png", 9, 4),
        ("a/9.png", 4, 9),
        ("b/4.png", 9, 4),
        ("b/9.png", 4, 9),
    ]
    assert {(row["old_model_version"], row["new_model_version"]) for row in changed} == {("2", "1")}
    assert all(row["etag"] and row["old_confidence"] and row["new_confidence"] for row in changed)
    csv = pyarrow.csv.read_csv(io.BytesIO(after[summary["csv"]]))
    assert csv["key"].to_pylist() == [row["key"] for row in changed]


@pytest.mark.usefixtures("scored")
def test_doing_it_again_changes_nothing(everything):
    first = rescore("2", to_version="1", batches=["a"])
    before = everything()
    assert rescore("2", to_version="1", batches=["a"]) == first
    assert everything() == before


@pytest.mark.usefixtures("scored")
def test_an_image_that_is_gone_is_counted_and_not_guessed(inbox_bucket):
    inbox_bucket.put("a/4.png", png(4, mark=9))
    summary = rescore("2", batches=["a"])
    assert (summary["compared"], summary["gone"], summary["changed"]) == (9, 1, 1)


@pytest.mark.usefixtures("scored")
def test_impossible_wishes_are_named():
    with pytest.raises(
        InvalidBatch, match="scored nothing of c; batches with its predictions: a, b"
    ):
        rescore("2", batches=["a", "c"])
    with pytest.raises(InvalidInput, match="compared with itself"):
        rescore("2", to_version="2")
    with pytest.raises(InvalidInput, match="no version '7'"):
        rescore("2", to_version="7")


@pytest.mark.usefixtures("scored")
def test_production_still_shows_what_was_scored_then():
    rescore("2")
    assert services.current().results.rows("a")["model_version"].unique().to_pylist() == ["2"]


@pytest.mark.usefixtures("wired")
def test_a_batch_is_read_again_part_by_part(settings, inbox_bucket, registry, monkeypatch):
    registry.champion_version = "2"
    for i in range(5 * settings.chunk_images):
        inbox_bucket.put(f"d/{i:03d}.png", png(i % 10))
    score_batch("d")
    again = services.current().rescoring
    plan = again.plan("2", "1", ["d"])
    missing = again.missing(plan, "d")
    assert len(missing) == 5 * settings.chunk_images

    read = []
    real = services.current().results.parts

    def parts(batch, columns=None):
        for part in real(batch, columns):
            read.append(part)
            yield part

    monkeypatch.setattr(services.current().results, "parts", parts)
    chunks = again.chunks(plan, "d", missing)
    again.score(plan, next(chunks))
    assert len(read) <= 2
    assert len(again.missing(plan, "d")) == 4 * settings.chunk_images
