"""Readings that must not go down, held against earlier batches on a real store."""

import pytest

from infra.identities import SCORER
from mnist.digits import Outcome
from mnist.errors import AccessDenied, IntegrityError
from mnist.keys import current_key
from mnist.storage.bucket import Bucket
from mnist.storage.last_values import LastValues
from mnist.storage.reviews import ReviewLog
from mnist.tables import BOX_COLUMNS
from tests.contract.test_pages import another
from tests.reviewing import review
from tests.sheets import layout, png_of, strip

METERS = layout(digits=4, check={"not_below": "meters-"})


@pytest.fixture
def read(services, inbox_bucket, results_bucket):
    """Drop a batch of meters, score it, and return its rows by the name of the file."""

    def dropped(batch, /, by=METERS, **meters):
        inbox_bucket.put(f"{batch}/_LAYOUT.json", by)
        for name, digits in meters.items():
            inbox_bucket.put(f"{batch}/{name}.png", png_of(strip(digits)))
        fresh = another(services)
        fresh.batch_scoring.run(batch, "run")
        fresh.current_rows.refresh(batch)
        rows = fresh.results.rows(batch).to_pylist()
        return {row["key"].split("/")[1].removesuffix(".png"): row for row in rows}

    return dropped


@pytest.fixture
def agree(services):
    """Let two people agree on what is written in a place."""

    def said(row, value):
        boxes = tuple(tuple(mark[side] for side in BOX_COLUMNS) for mark in row["marks"])
        place = {name: row[name] for name in ("key", "etag", "sha256")}
        for who in ("ada", "bob"):
            services.reviews.append(
                review(
                    "", who, None, **place, size=row["bytes"], value=value,
                    read_value=row["value"], boxes=boxes,
                )
            )  # fmt: skip

    return said


def checks(rows):
    return {name: row["check"] for name, row in rows.items()}


def test_the_first_reading_has_nothing_to_be_held_against(read):
    first = read("meters-2026-09", a="0451")
    assert (first["a"]["check"], first["a"]["accepted"]) == ("none", True)


def test_a_reading_is_held_against_the_same_place_of_the_batch_before(read):
    read("meters-2026-09", a="0451", b="0700", c="0149")
    assert checks(read("meters-2026-10", a="0451", b="0699", d="0001")) == {
        "a": "passed", "b": "failed", "d": "none"
    }  # fmt: skip
    later = read("meters-2026-11", b="0700", c="0148")
    assert checks(later) == {"b": "passed", "c": "failed"}  # c was last seen two batches ago
    assert not later["c"]["accepted"]
    assert "the last one was 0149" in later["c"]["detail"]


def test_what_was_not_accepted_counts_only_once_people_agree_on_it(read, agree):
    read("meters-2026-09", a="9451")
    replaced = read("meters-2026-10", a="0007")
    assert checks(replaced) == {"a": "failed"}
    assert checks(read("meters-2026-11", a="0010")) == {"a": "failed"}  # nobody has looked yet
    agree(replaced["a"], "0007")
    assert checks(read("meters-2026-12", a="0010")) == {"a": "passed"}


def test_a_reading_that_people_corrected_counts_as_they_said(read, agree):
    first = read("meters-2026-09", a="0951")
    agree(first["a"], "0451")
    assert checks(read("meters-2026-10", a="0500")) == {"a": "passed"}


def test_batches_of_other_names_and_later_ones_do_not_count(read):
    read("meters-2026-11", a="0900")
    read("gauges-2026-09", a="0800")
    assert checks(read("meters-2026-10", a="0451")) == {"a": "none"}


def test_names_that_no_folder_takes_as_they_are_count_too(read):
    by = layout(digits=4, check={"not_below": "zähler "})
    read("zähler 2026-09", by=by, a="0451")
    assert checks(read("zähler 2026-10", by=by, a="0450")) == {"a": "failed"}


def test_a_person_is_told_what_the_last_value_was(read):
    read("meters-2026-09", a="0451")
    row = read("meters-2026-10", a="0445")["a"]
    assert row["outcome"] == Outcome.SCORED
    assert "0445 failed; the last one was 0451" in row["detail"]


def test_a_field_of_one_digit_is_held_against_the_last_one_too(read):
    one = layout(digits=1, check={"not_below": "meters-"})
    read("meters-1", by=one, a="5")
    row = read("meters-2", by=one, a="4")["a"]
    assert (row["digit"], row["check"], row["accepted"]) == (4, "failed", False)


def test_a_damaged_file_is_named(services, read, results_bucket):
    read("meters-2026-09", a="0451")
    results_bucket.put(current_key("meters-2026-09", "parquet"), b"damaged")
    with pytest.raises(IntegrityError, match=r"meters-2026-09\.parquet cannot be read"):
        another(services).last_values.of("meters-", "meters-2026-10", ["a.png"])


def test_files_are_read_once_and_no_further_back_than_needed(services, read, monkeypatch):
    for month in ("07", "08", "09"):
        read(f"meters-2026-{month}", a="0451", **({"b": "0001"} if month == "07" else {}))
    fetched = []
    fetch = Bucket.fetch
    monkeypatch.setattr(
        Bucket,
        "fetch",
        lambda bucket, key, *etag: fetched.append(key) or fetch(bucket, key, *etag),
    )
    last = another(services).last_values

    def files():
        return [key for key in fetched if key.endswith(".parquet")]

    assert last.of("meters-", "meters-2026-10", ["a.png"]) == {"a.png": "0451"}
    assert files() == [current_key("meters-2026-09", "parquet")]
    assert last.of("meters-", "meters-2026-10", ["a.png", "b.png"])["b.png"] == "0001"
    assert len(files()) == 3


class NoReviews(ReviewLog):
    """What a scorer sees whose key is from before it might read reviews."""

    def recorded(self):
        raise AccessDenied("Reading reviews is not allowed.")


def test_a_key_that_may_not_read_reviews_goes_by_what_was_accepted(
    services, read, agree, results_bucket, labels_bucket
):
    first = read("meters-2026-09", a="0951")
    agree(first["a"], "0451")
    last = LastValues(results_bucket, NoReviews(labels_bucket), 2)
    assert last.of("meters-", "meters-2026-10", ["a.png"]) == {"a.png": "0951"}


def test_the_scorer_may_read_reviews_and_write_none():
    grants = [grant for grant in SCORER.grants if grant.bucket == "labels"]
    assert {verb for grant in grants for verb in grant.verbs} == {"list", "read"}
