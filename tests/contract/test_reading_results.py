"""What people read results with: pandas, DuckDB and Polars on a real store, for every name."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.fs
import pytest
from fsspec.implementations.arrow import ArrowFSWrapper

from mnist.keys import LOOSE, current_key
from mnist.storage.monitoring import MonitoringLog
from mnist.storage.results import Results
from mnist.tables import to_parquet
from tests.factories import png, rows, version

NAMES = [
    "a b",
    "ü",
    "a+b",
    "100%",
    "100%25",
    "x=y",
    "batch=7",
    "007",
    "20241105",
    "true",
    "..x",
    ".hidden",
    "_under",
    "(loose)",
    LOOSE,
    "a!20b",
    "🙂",
    "null",
    "long-" * 180,
]


@pytest.fixture
def environment(store, monkeypatch):
    """The variables that `. .local/env` gives to a shell."""
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def every_name(services, inbox_bucket):
    """Batches of all these names, scored and with a receipt."""
    for name in NAMES:
        inbox_bucket.put("1.png" if name == LOOSE else f"{name}/1.png", png(1))
        assert services.batch_scoring.run(name, "run").receipt.verdict == "complete"


class _S3(ArrowFSWrapper):
    """DuckDB's own way to S3 is an extension that it fetches from the network."""

    protocol = "s3"


def with_pandas(address: str) -> list[str]:
    return pd.read_parquet(address)["batch"].tolist()


def with_polars(address: str) -> list[str]:
    return pl.read_parquet(address)["batch"].to_list()


def with_duckdb(address: str) -> list[str]:
    with duckdb.connect() as connection:
        connection.register_filesystem(_S3(pyarrow.fs.FileSystem.from_uri(address)[0]))
        files = f"{address}*/*.parquet" if address.endswith("/") else address
        answer = connection.execute(
            "SELECT batch FROM read_parquet(?, union_by_name = true)", [files]
        )
        return [name for (name,) in answer.fetchall()]


READERS = [with_pandas, with_polars, with_duckdb]


@pytest.mark.parametrize("read", READERS)
def test_all_rows_of_all_batches_are_one_table(settings, environment, every_name, read):
    names = read(f"s3://{settings.results_bucket}/scores/")
    assert sorted(names) == sorted(NAMES)


def test_the_folders_of_parts_give_no_column_and_hide_no_row(settings, environment, every_name):
    address = f"s3://{settings.results_bucket}/scores/"
    assert str(pd.read_parquet(address)["batch"].dtype) in {"str", "object"}
    assert pl.read_parquet(address).columns == pd.read_parquet(address).columns.tolist()


@pytest.mark.parametrize("read", READERS)
def test_one_batch_of_any_name_is_read_by_its_key(settings, environment, every_name, read):
    for name in NAMES:
        key = current_key(name, "parquet")
        assert read(f"s3://{settings.results_bucket}/{key}") == [name]


def test_reports_of_days_are_one_table_too(settings, environment, results_bucket):
    log = MonitoringLog(results_bucket)
    days = [date(2026, 11, 1), date(2026, 11, 2)]
    for day in days:
        log.write_report(day, "run", pa.table({"day": [day], "rows": [1]}))
    table = pd.read_parquet(f"s3://{settings.results_bucket}/monitoring/reports/")
    assert sorted(table["day"]) == days


class Installation:
    """An installation with parts that 0.1.0 wrote."""

    def __init__(self, bucket) -> None:
        self.bucket = bucket

    def write(self, folder: str, chunk: str, batch: str, *versions) -> None:
        table = rows(*versions, batch=batch, chunk=chunk).drop_columns(["metadata"])
        self.bucket.create(f"scores/batch={folder}/{chunk}.parquet", to_parquet(table))


def test_parts_of_0_1_0_count_beside_those_of_today(results_bucket):
    old = Installation(results_bucket)
    old.write("%C3%BC", "a" * 40, "ü", version("ü/1.png"))
    old.write("007", "a" * 40, "007", version("007/1.png"))
    results = Results(results_bucket)
    results.write_part("ü", "b" * 40, rows(version("ü/2.png"), batch="ü"))
    assert sorted(results.rows("ü")["key"].to_pylist()) == ["ü/1.png", "ü/2.png"]
    assert results.rows("007")["key"].to_pylist() == ["007/1.png"]
    assert len(results.settled("ü")) == 2
    recorded = [results.recorded("ü", letter * 40) for letter in "abc"]
    assert [one and len(one) for one in recorded] == [1, 1, None]


@pytest.mark.parametrize(
    "read",
    [
        lambda a: pd.read_parquet(a, partitioning=None)["batch"].tolist(),
        lambda a: pl.read_parquet(a, hive_partitioning=False, missing_columns="insert")[
            "batch"
        ].to_list(),
        with_duckdb,
    ],
)
def test_both_are_read_together_as_the_readme_says(settings, environment, results_bucket, read):
    old = Installation(results_bucket)
    old.write("007", "a" * 40, "007", version("007/1.png"))
    Results(results_bucket).write_part("ü", "b" * 40, rows(version("ü/2.png"), batch="ü"))
    assert sorted(read(f"s3://{settings.results_bucket}/scores/")) == ["007", "ü"]


def test_without_old_parts_a_look_is_one_listing(results, results_bucket, monkeypatch):
    results.part_keys("b")
    asked: list[str] = []
    for name in ("versions", "folders", "key_after"):
        real: Callable[..., object] = getattr(results_bucket, name)
        monkeypatch.setattr(
            results_bucket, name, lambda *a, real=real, n=name: (asked.append(n), real(*a))[1]
        )
    results.part_keys("b")
    results.part_keys("another")
    assert asked == ["versions", "versions"]


def test_the_call_of_the_readme_reads_a_batch_of_any_name(settings, environment, every_name):
    blocks = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(), re.DOTALL)
    (block,) = (code for code in blocks if "read_parquet" in code)
    for name in NAMES:
        code = block.replace("s3://results/", f"s3://{settings.results_bucket}/")
        *lines, one, _ = code.replace("'monday-scans'", repr(name)).strip().splitlines()
        scope: dict[str, object] = {}
        exec("\n".join([*lines, f"rows = {one}"]), scope)  # noqa: S102 - it is our own
        rows = scope["rows"]
        assert isinstance(rows, pd.DataFrame)
        assert rows["batch"].tolist() == [name]
