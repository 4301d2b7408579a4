"""A file of several pages in the inbox is a folder: each page gets its row, the file none."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from mnist.digits import Outcome
from mnist.errors import ObjectChanged
from mnist.images import Rejection, decode
from mnist.keys import current_key, pages_prefix
from mnist.storage.bucket import Bucket
from mnist.storage.pages import PageCounts
from mnist.tables import from_parquet
from tests.factories import Killed, killed_after, png, services_of
from tests.paged_files import FORMATS, paged


def packed(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def another(services, **settings):
    """Make the services of another process."""
    changed = services.settings.model_copy(update=settings)
    return services_of(changed, registry=services.registry)


def score(services, run="run", **options):
    return services.batch_scoring.run("b", run, **options).receipt


def by_key(results):
    rows = results.rows("b").to_pylist()
    assert len({row["key"] for row in rows}) == len(rows)
    return {row["key"]: row["reason"] or row["digit"] for row in rows}


@pytest.mark.parametrize("name", FORMATS)
def test_each_page_of_any_format_has_one_row_whatever_the_file_is_called(
    services, inbox_bucket, results, name
):
    inbox_bucket.put("b/fax.jpg", FORMATS[name]((3, None, 8)))
    receipt = score(services)
    assert receipt.outcomes == {Outcome.SCORED: 2, Outcome.REJECTED: 1}
    assert receipt.is_balanced
    assert by_key(results) == {"b/fax.jpg!1": 3, "b/fax.jpg!2": "blank", "b/fax.jpg!3": 8}


def test_a_file_of_one_page_keeps_its_key(services, inbox_bucket, results):
    for name, make in FORMATS.items():
        inbox_bucket.put(f"b/{name}", make((5,)))
    score(services)
    assert by_key(results) == {f"b/{name}": 5 for name in FORMATS}


def test_every_later_listing_names_the_pages_and_finds_nothing_to_do(services, inbox_bucket):
    inbox_bucket.put("b/fax.tif", paged("TIFF", range(10)))
    inbox_bucket.put("b/plain.png", png(3))
    first = score(services)
    (listed,) = services.inbox.versions("b")
    assert [v.key for v in listed] == [f"b/fax.tif!{i}" for i in range(1, 11)] + ["b/plain.png"]
    assert score(another(services), "again") == first
    identities, _ = services.inbox.look("b")
    assert identities.digest == first.listing.digest
    assert first.listing.count == 11
    assert abs(first.listing.bytes - sum(v.size for v in listed)) == 0


def test_pages_in_an_archive_lie_in_its_member(services, inbox_bucket, results):
    members = {"one.png": png(1), "fax.tif": paged("TIFF", (2, 3)), "4.gif": paged("GIF", (4,))}
    inbox_bucket.put("b/scans.zip", packed(members))
    receipt = score(services)
    assert receipt.is_balanced
    assert by_key(results) == {
        "b/scans.zip!one.png": 1,
        "b/scans.zip!fax.tif!1": 2,
        "b/scans.zip!fax.tif!2": 3,
        "b/scans.zip!4.gif": 4,
    }
    identities, _ = another(services).inbox.look("b")
    assert identities.digest == receipt.listing.digest


def test_a_file_named_like_an_archive_may_have_pages(services, inbox_bucket, results):
    inbox_bucket.put("b/fax.zip", paged("TIFF", (2, 3)))
    assert score(services).is_balanced
    assert by_key(results) == {"b/fax.zip!1": 2, "b/fax.zip!2": 3}


def test_a_file_with_more_pages_than_the_limit_has_one_row_with_both_numbers(
    services, inbox_bucket, results
):
    inbox_bucket.put("b/fax.gif", paged("GIF", range(4)))
    limited = another(services, max_pages=3)
    assert score(limited).outcomes == {Outcome.REJECTED: 1}
    (row,) = results.rows("b").to_pylist()
    assert (row["key"], row["reason"]) == ("b/fax.gif", "too-large")
    assert row["detail"] == "The GIF has 4 pages; at most 3 are read."
    again = score(services, "again", rejects_again=True)
    assert again.outcomes == {Outcome.SCORED: 4}


def test_an_overwritten_file_is_another_set_of_pages(services, inbox_bucket, results):
    inbox_bucket.put("b/fax.tif", paged("TIFF", (1, 2)))
    score(services)
    inbox_bucket.put("b/fax.tif", paged("TIFF", (2, 4, 8)))
    receipt = score(services, "run-2")
    assert receipt.outcomes == {Outcome.SCORED: 3}
    assert [v.key for v in receipt.unlisted] == ["b/fax.tif!1", "b/fax.tif!2"]
    services.current_rows.refresh("b")
    current = from_parquet(services.results_bucket.fetch(current_key("b", "parquet")))
    assert current["digit"].to_pylist() == [2, 4, 8]


def test_pages_that_come_late_open_the_batch_again(services, inbox_bucket):
    inbox_bucket.put("b/one.png", png(1))
    score(services)
    inbox_bucket.put("b/fax.tif", paged("TIFF", (1, 2)))
    assert score(services, "late").outcomes == {Outcome.SCORED: 3}


def test_pages_overwritten_or_deleted_meanwhile_are_named(services, inbox_bucket):
    inbox_bucket.put("b/fax.tif", paged("TIFF", (1, 2, 3)))
    inbox_bucket.put("c/fax.tif", paged("TIFF", (1, 2, 3)))
    file = next(services.inbox.versions("c"))[0]
    services.page_counts.record(file, 3)

    def overwritten(score, chunks):
        listed = list(chunks)
        inbox_bucket.put("c/fax.tif", paged("TIFF", (4, 5)))
        return map(score, listed)

    receipt = services.batch_scoring.run("c", "run", map=overwritten).receipt
    assert receipt.outcomes == {Outcome.SUPERSEDED: 3}
    assert services.batch_scoring.run("c", "next").receipt.outcomes == {Outcome.SCORED: 2}


@pytest.mark.parametrize("kept", range(5))
def test_a_run_killed_after_any_chunk_leaves_nothing_twice(services, inbox_bucket, results, kept):
    for i in range(6):
        inbox_bucket.put(f"b/{i}.png", png(i))
    inbox_bucket.put("b/fax.tif", paged("TIFF", range(7)))
    small = another(services, chunk_images=4)

    with suppress(Killed):
        small.batch_scoring.run("b", "killed", map=killed_after(kept))
    receipt = score(another(services, chunk_images=3))
    assert receipt.outcomes == {Outcome.SCORED: 13}
    assert receipt.is_balanced
    assert receipt.duplicate_rows == 0


def test_two_runs_at_once_record_every_page_once(services, inbox_bucket, results):
    for i in range(4):
        inbox_bucket.put(f"b/fax-{i}.tif", paged("TIFF", range(10)))
    with ThreadPoolExecutor(2) as pool:
        both = [another(services, chunk_images=n) for n in (3, 7)]
        receipts = list(pool.map(score, both, ("one", "two")))
    assert all(receipt.is_balanced for receipt in receipts)
    assert score(services, "last").outcomes == {Outcome.SCORED: 40}
    assert len(by_key(results)) == 40


def test_a_file_is_fetched_once_for_all_its_pages_in_a_mini_batch(
    services, inbox_bucket, monkeypatch
):
    inbox_bucket.put("b/fax.tif", FORMATS["fax TIFF"](tuple(range(10)) * 3))
    score(services)
    fetched = []
    fetch_once = Bucket.fetch_once
    monkeypatch.setattr(
        Bucket, "fetch_once", lambda *args: fetched.append(args[1]) or fetch_once(*args)
    )
    (pages,) = services.inbox.versions("b")
    assert len(list(services.inbox.fetch_many(pages))) == 30
    assert fetched == ["b/fax.tif"]


def test_a_page_of_a_file_that_was_overwritten_is_not_fetched(services, inbox_bucket):
    inbox_bucket.put("b/fax.tif", paged("TIFF", range(10)))
    score(services)
    (pages,) = services.inbox.versions("b")
    inbox_bucket.put("b/fax.tif", paged("TIFF", (1, 2)))
    with pytest.raises(ObjectChanged, match="was overwritten"):
        services.inbox.fetch(pages[3])


def test_a_page_is_fetched_alone_as_an_image(services, inbox_bucket):
    inbox_bucket.put("b/fax.tif", paged("TIFF", (4, 5)))
    score(services)
    (pages,) = services.inbox.versions("b")
    assert not isinstance(decode(services.inbox.fetch(pages[1])), Rejection)


def test_a_strange_object_among_the_records_is_named_and_stops_nothing(
    services, inbox_bucket, results_bucket
):
    inbox_bucket.put("b/fax.tif", paged("TIFF", (4, 5)))
    results_bucket.put(f"{pages_prefix('b')}hello.txt", b"")
    assert score(services).outcomes == {Outcome.SCORED: 2}
    assert list(PageCounts(results_bucket).of("b").values()) == [2]
