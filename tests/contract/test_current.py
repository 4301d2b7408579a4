"""What consumers read: one row for each object that lies in the inbox, as of the receipt."""

import csv
import io
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mnist.errors import AccessDenied, Unavailable
from mnist.keys import current_key, receipt_key
from mnist.scoring.current_rows import CURRENT_ROWS, current_rows
from mnist.scoring.receipts import Receipt
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.current import MEDIA_TYPES, CurrentRows
from tests.factories import png, rows, services_of, version


@pytest.fixture
def scoring(services):
    return services.batch_scoring


def keys(bucket, batch: str = "b") -> dict[str, list[str]]:
    """Read the keys of each of the three files."""
    content = {kind: bucket.fetch(current_key(batch, kind)) for kind in MEDIA_TYPES}
    text = io.StringIO(content["csv"].decode("utf-8-sig"))
    return {
        "parquet": pq.read_table(io.BytesIO(content["parquet"]))["key"].to_pylist(),
        "csv": [row["key"] for row in csv.DictReader(text)],
        "jsonl": [json.loads(line)["key"] for line in content["jsonl"].splitlines()],
    }


def delete(settings, key: str) -> None:
    control_client(settings).delete_object(Bucket=settings.inbox_bucket, Key=key)


def test_overwritten_and_deleted_objects_have_no_row(
    settings, scoring, inbox_bucket, results_bucket, results
):
    for name in ("stays", "changes", "goes"):
        inbox_bucket.put(f"b/{name}.png", png(1))
    scoring.run("b", "first")
    assert keys(results_bucket)["csv"] == ["b/changes.png", "b/goes.png", "b/stays.png"]
    inbox_bucket.put("b/changes.png", png(2, mark=9))
    delete(settings, "b/goes.png")
    receipt = scoring.run("b", "second").receipt
    assert results.rows("b").num_rows == 4
    assert [v.key for v in receipt.unlisted] == ["b/changes.png", "b/goes.png"]
    expected = ["b/changes.png", "b/stays.png"]
    assert keys(results_bucket) == {"parquet": expected, "csv": expected, "jsonl": expected}
    table = pq.read_table(io.BytesIO(results_bucket.fetch(current_key("b", "parquet"))))
    assert table["digit"].to_pylist() == [2, 1]
    assert table.schema.equals(CURRENT_ROWS)


def test_the_three_files_say_the_same(scoring, inbox_bucket, results_bucket):
    inbox_bucket.put("b/=1+1.png", png(7))
    inbox_bucket.put("b/no-image.png", b"no image")
    scoring.run("b", "run")
    rows = pq.read_table(io.BytesIO(results_bucket.fetch(current_key("b", "parquet")))).to_pylist()
    lines = results_bucket.fetch(current_key("b", "jsonl")).splitlines()
    objects = [json.loads(line) for line in lines]
    for row, line in zip(rows, objects, strict=True):
        same = ("key", "etag", "digit", "outcome", "reason", "detail", "accepted", "warnings")
        assert {name: line[name] for name in same} == {name: row[name] for name in same}
        assert pd.Timestamp(line["scored_at"]) == row["scored_at"]
        if row["digit"] is not None:
            assert line["p7"] == pytest.approx(row["p7"], abs=1e-6)
    assert objects[1]["digit"] is None
    assert objects[0]["digit"] == 7
    frame = pd.read_csv(io.BytesIO(results_bucket.fetch(current_key("b", "csv"))), dtype=object)
    assert frame.columns.tolist() == CURRENT_ROWS.names
    assert frame["outcome"].tolist() == ["scored", "rejected"]


def test_of_two_rows_for_one_object_version_the_one_that_counts_is_there(
    services, scoring, inbox_bucket, results_bucket, monkeypatch
):
    inbox_bucket.put("b/1.png", png(1))
    inbox_bucket.put("b/2.png", b"")
    real = inbox_bucket.fetch_once

    def refused(key, etag):
        raise AccessDenied("The store refused.")

    monkeypatch.setattr(inbox_bucket, "fetch_once", refused)
    scoring.run("b", "first")
    monkeypatch.setattr(inbox_bucket, "fetch_once", real)
    receipt = scoring.run("b", "again", rejects_again=True).receipt
    assert receipt.duplicate_rows == 2
    table = pq.read_table(io.BytesIO(results_bucket.fetch(current_key("b", "parquet"))))
    assert table.select(["key", "outcome"]).to_pylist() == [
        {"key": "b/1.png", "outcome": "scored"},
        {"key": "b/2.png", "outcome": "rejected"},
    ]


def test_a_late_older_closer_does_not_have_the_last_word(
    services, scoring, inbox_bucket, results_bucket, results
):
    inbox_bucket.put("b/1.png", png(1))
    older = scoring.run("b", "older").receipt
    inbox_bucket.put("b/2.png", png(2))

    class Slow(CurrentRows):
        """Stops before its files are uploaded until somebody else has written newer ones."""

        def _write(self, receipt):
            if receipt == older:
                scoring.run("b", "newer")
            super()._write(receipt)

    slow = Slow(results_bucket, services.results, services.settings.cache_dir)
    for kind in MEDIA_TYPES:
        delete_from(services, results_bucket, current_key("b", kind))
    slow.refresh("b")
    newest = results.last_receipt("b")
    assert newest.run.name == "newer"
    assert keys(results_bucket)["jsonl"] == ["b/1.png", "b/2.png"]
    for kind in MEDIA_TYPES:
        metadata = results_bucket.metadata(current_key("b", kind))
        assert metadata == {"receipt": receipt_key("b", "newer")}


def delete_from(services, bucket, key: str) -> None:
    control_client(services.settings).delete_object(Bucket=bucket.name, Key=key)


def test_a_run_that_died_after_its_receipt_is_made_up_for_by_the_next(
    services, scoring, inbox_bucket, results_bucket, monkeypatch
):
    inbox_bucket.put("b/1.png", png(1))
    with monkeypatch.context() as patch:
        patch.setattr(services.current_rows, "refresh", lambda _batch: False)
        scoring.run("b", "died")
    assert results_bucket.metadata(current_key("b", "csv")) is None
    assert scoring.run("b", "next").receipt.run.name == "died"
    assert keys(results_bucket)["csv"] == ["b/1.png"]
    assert services.current_rows.refresh("b") is False


def test_a_disk_that_is_full_is_named(services, scoring, inbox_bucket, tmp_path):
    inbox_bucket.put("b/1.png", png(1))
    scoring.run("b", "run")
    (tmp_path / "file").write_bytes(b"")
    folder = tmp_path / "file" / "current"
    inbox_bucket.put("b/2.png", png(1))
    other = services_of(services.settings, registry=services.registry)
    other.current_rows = CurrentRows(other.results_bucket, other.results, folder)
    with pytest.raises(Unavailable, match=r"batch 'b' could not be written to .*MNIST_CACHE_DIR"):
        other.batch_scoring.run("b", "second")


def test_many_rows_do_not_grow_the_memory(services, results_bucket):
    """Five parts of 20,000 rows are never in memory together; measured on Arrow's own count."""

    def parts(columns):
        for number in range(20):
            versions = (version(f"b/{number}-{i:05d}.png") for i in range(10_000))
            yield rows(*versions, chunk=str(number))

    receipt = Receipt.model_construct(unlisted=[], duplicate_rows=0, parts=[])
    before, highest, total = pa.total_allocated_bytes(), 0, 0
    for piece in current_rows(receipt, parts):
        highest = max(highest, pa.total_allocated_bytes() - before)
        total += piece.num_rows
    assert total == 200_000
    assert highest < 3 * 60_000 * 400


def test_a_store_that_keeps_no_metadata_is_written_to_once(
    services, scoring, inbox_bucket, monkeypatch
):
    inbox_bucket.put("b/1.png", png(1))
    monkeypatch.setattr(Bucket, "metadata", lambda *_: {})
    uploads = []
    real = Bucket.upload
    monkeypatch.setattr(
        Bucket, "upload", lambda self, key, *a: (uploads.append(key), real(self, key, *a))[1]
    )
    scoring.run("b", "run")
    assert len(uploads) == len(MEDIA_TYPES)
