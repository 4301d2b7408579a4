"""A picture with a layout is a folder: each place of it gets its row, on a real store."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from mnist.digits import Outcome
from mnist.errors import ObjectChanged
from mnist.images import decode, preprocessing_digest
from mnist.keys import LAYOUTS, current_key
from mnist.scoring.rows import place_preprocessing_digest
from mnist.scoring.verification import find_problems
from mnist.storage.bucket import Bucket
from mnist.tables import PLACE_FIELDS, ROWS, from_parquet
from tests.contract.test_pages import another, packed, score
from tests.factories import Killed, killed_after, png
from tests.paged_files import paged
from tests.sheets import layout, png_of, sheet

CELLS = [[1, None, 3], [4, 5, 6], [7, 8, None], [0, 2, 9]]
GRID = layout(grid=[4, 3])
KEYS = [f"r{row:02}c{column:02}" for row in range(1, 5) for column in range(1, 4)]
DIGITS = [digit for line in CELLS for digit in line]


def by_key(results, batch="b"):
    rows = results.rows(batch).to_pylist()
    assert len({row["key"] for row in rows}) == len(rows)
    return {row["key"]: row["reason"] or row["digit"] for row in rows}


def of_sheet(key, digits=DIGITS):
    return {f"{key}!{place}": digit for place, digit in zip(KEYS, digits, strict=True)}


@pytest.fixture
def one_sheet(inbox_bucket):
    """A batch with a layout and one sheet."""
    inbox_bucket.put("b/_LAYOUT.json", GRID)
    inbox_bucket.put("b/sheet.png", png_of(sheet(CELLS)))


def test_each_cell_has_one_row_and_an_empty_one_is_said_to_be_empty(services, one_sheet, results):
    receipt = score(services)
    assert receipt.outcomes == {Outcome.SCORED: 10, Outcome.EMPTY: 2}
    assert receipt.is_balanced
    assert receipt.listing.count == 12
    assert receipt.summary()["empty"] == 2
    assert "12 listed = 2 empty + 10 scored" in receipt.markdown()
    assert by_key(results) == of_sheet("b/sheet.png")
    assert results.verify("b") == (receipt, ())
    # How a page is cut is part of how its cells became 28x28.
    assert receipt.preprocessing_digests == [place_preprocessing_digest()]
    assert place_preprocessing_digest() != preprocessing_digest()


def test_a_cell_of_one_digit_has_the_columns_of_a_digit_and_those_of_a_place(
    services, one_sheet, results
):
    score(services)
    rows = {row["key"]: row for row in results.rows("b").to_pylist()}
    cell = rows["b/sheet.png!r02c03"]
    assert (cell["digit"], cell["value"], cell["check"]) == (6, "6", "none")
    assert max(range(10), key=lambda digit: cell[f"p{digit}"]) == 6
    assert 0 < cell["value_confidence"] <= 1
    assert cell["accepted"]
    left, top, right, bottom = (cell[name] for name in ("left", "top", "right", "bottom"))
    assert abs(left - 140) <= 3
    assert abs(top - 100) <= 3
    assert abs(right - 180) <= 3
    assert abs(bottom - 140) <= 3
    (mark,) = cell["marks"]
    assert mark["digit"] == 6
    assert len(mark["probabilities"]) == 10
    assert left <= mark["left"] < mark["right"] <= right
    empty = rows["b/sheet.png!r01c02"]
    assert (empty["outcome"], empty["digit"], empty["value"], empty["marks"]) == (
        ("empty", None, None, None)
    )
    assert empty["left"] is not None
    assert not empty["accepted"]


def test_without_a_layout_the_rows_are_what_they_were(services, inbox_bucket, results):
    inbox_bucket.put("b/3.png", png(3))
    inbox_bucket.put("b/text.png", b"text")
    score(services)
    table = results.rows("b")
    assert table.schema.equals(ROWS)
    assert all(table[field.name].null_count == 2 for field in PLACE_FIELDS)
    assert by_key(results) == {"b/3.png": 3, "b/text.png": "not-an-image"}
    assert not list(services.results_bucket.versions(LAYOUTS))


def test_the_layout_cuts_pages_and_members_too(services, inbox_bucket, results):
    inbox_bucket.put("b/_LAYOUT.json", GRID)
    pages = paged("TIFF", [sheet(CELLS), sheet(CELLS[::-1])])
    inbox_bucket.put("b/fax.tif", pages)
    inbox_bucket.put("b/a.zip", packed({"p.tif": pages, "one.png": png_of(sheet(CELLS))}))
    receipt = score(services)
    assert receipt.is_balanced
    upside = [digit for line in CELLS[::-1] for digit in line]
    assert by_key(results) == {
        **of_sheet("b/fax.tif!1"),
        **of_sheet("b/fax.tif!2", upside),
        **of_sheet("b/a.zip!p.tif!1"),
        **of_sheet("b/a.zip!p.tif!2", upside),
        **of_sheet("b/a.zip!one.png"),
    }
    identities, _ = another(services).inbox.look("b")
    assert identities.digest == receipt.listing.digest
    assert score(another(services), "again") == receipt


def test_a_changed_layout_gives_new_versions_and_the_old_ones_count_no_more(
    services, one_sheet, inbox_bucket, results
):
    score(services)
    inbox_bucket.put("b/_LAYOUT.json", layout(grid=[4, 3], check={"range": [0, 5]}))
    receipt = score(services, "run-2")
    assert receipt.outcomes == {Outcome.SCORED: 10, Outcome.EMPTY: 2}
    assert receipt.listing.count == 12
    assert len(receipt.unlisted) == 12
    services.current_rows.refresh("b")
    current = from_parquet(services.results_bucket.fetch(current_key("b", "parquet")))
    assert current.num_rows == 12
    assert current["check"].to_pylist()[:2] == ["passed", None]
    accepted = dict(zip(current["digit"].to_pylist(), current["accepted"].to_pylist(), strict=True))
    assert accepted[4]
    assert not accepted[6]  # its check failed, however sure the model is


def test_a_layout_written_otherwise_is_the_same_layout(services, one_sheet, inbox_bucket):
    receipt = score(services)
    inbox_bucket.put("b/_LAYOUT.json", b'{\n  "grid": [4,3]}\n')
    assert score(another(services), "again") == receipt


def test_a_batch_under_way_keeps_the_layout_it_began_with(
    services, one_sheet, inbox_bucket, results
):
    for number in range(3):
        inbox_bucket.put(f"b/sheet-{number}.png", png_of(sheet(CELLS)))

    def changed(score, chunks):
        for number, chunk in enumerate(chunks):
            if number == 1:
                inbox_bucket.put("b/_LAYOUT.json", layout(grid=[2, 2]))
            yield another(services).batch_scoring.score(chunk)

    receipt = score(services, map=changed)
    assert receipt.listing.count == 4 * 12
    assert receipt.outcomes == {Outcome.SCORED: 40, Outcome.EMPTY: 8}
    after = score(services, "next")
    assert after.listing.count == 4 * 4


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "no JSON"),
        (b"", "no JSON"),
        (layout(grid=[4, 3], colour="red"), "colour"),
        (layout(fields={"a": {"box": [0, 0, 1, 1]}}, template="form.png"), "form.png"),
        (b" " * 1_000_001, "1,000,001 bytes"),
    ],
    ids=["no JSON", "empty", "unknown word", "no template", "too large"],
)
def test_a_layout_of_no_use_rejects_the_pictures_once_and_a_mended_one_scores_them(
    services, one_sheet, inbox_bucket, results, content, says
):
    inbox_bucket.put("b/_LAYOUT.json", content)
    receipt = score(services)
    assert (receipt.verdict, receipt.outcomes) == ("failed", {Outcome.REJECTED: 1})
    assert receipt.reasons == {"invalid-layout": 1}
    (row,) = results.rows("b").to_pylist()
    assert row["key"] == "b/sheet.png"
    assert says in row["detail"]
    assert score(another(services), "again") == receipt
    inbox_bucket.put("b/_LAYOUT.json", GRID)
    mended = score(services, "mended")
    assert (mended.verdict, mended.listing.count) == ("complete", 12)


def test_a_layout_in_a_lower_folder_is_told_and_changes_nothing(services, inbox_bucket, results):
    inbox_bucket.put("b/sub/_LAYOUT.json", GRID)
    inbox_bucket.put("b/sub/3.png", png(3))
    score(services)
    assert by_key(results) == {"b/sub/_LAYOUT.json": "invalid-layout", "b/sub/3.png": 3}


def test_pictures_in_lower_folders_are_cut_too(services, inbox_bucket, results):
    inbox_bucket.put("b/_LAYOUT.json", GRID)
    inbox_bucket.put("b/sub/sheet.png", png_of(sheet(CELLS)))
    score(services)
    assert by_key(results) == of_sheet("b/sub/sheet.png")


def test_neither_layout_nor_template_is_a_picture(services, one_sheet, inbox_bucket):
    inbox_bucket.put("b/_TEMPLATE.png", png_of(sheet(CELLS)))
    assert score(services).listing.count == 12
    inbox_bucket.put("c/_LAYOUT.json", GRID)
    assert not services.inbox.holds("c")
    assert next(services.inbox.versions("c"), None) is None


def test_without_a_layout_a_template_is_a_picture_as_any(services, inbox_bucket, results):
    inbox_bucket.put("b/_TEMPLATE.png", png(4))
    score(services)
    assert by_key(results) == {"b/_TEMPLATE.png": 4}


def test_the_layout_is_found_behind_any_number_of_pictures(services, inbox_bucket):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: inbox_bucket.put(f"b/{i:05}.png", b"x"), range(2_100)))
    assert services.inbox.listing("b").layout is None
    inbox_bucket.put("b/_LAYOUT.json", GRID)
    listing = services.inbox.listing("b")
    assert listing.layout is not None
    assert sum(map(len, services.inbox.versions("b"))) == 2_100 * 12


def test_a_late_sheet_an_overwritten_and_a_deleted_one_are_told_as_pictures_are(
    services, one_sheet, inbox_bucket, results
):
    score(services)
    inbox_bucket.put("b/late.png", png_of(sheet(CELLS)))
    assert score(services, "late").listing.count == 24
    inbox_bucket.put("b/late.png", png_of(sheet(CELLS[::-1])))
    receipt = score(services, "overwritten")
    assert receipt.listing.count == 24
    assert len(receipt.unlisted) == 12
    assert results.verify("b") == (receipt, ())


def test_a_sheet_overwritten_meanwhile_is_named_in_every_place(services, one_sheet, inbox_bucket):
    def overwritten(score, chunks):
        listed = list(chunks)
        inbox_bucket.put("b/sheet.png", png_of(sheet(CELLS[::-1])))
        return map(score, listed)

    receipt = score(services, map=overwritten)
    assert receipt.outcomes == {Outcome.SUPERSEDED: 12}
    assert score(services, "next").outcomes == {Outcome.SCORED: 10, Outcome.EMPTY: 2}


def test_a_picture_that_cannot_be_cut_is_rejected_in_every_place(services, one_sheet, inbox_bucket):
    inbox_bucket.put("b/blank.png", png_of(sheet(CELLS)[:50, :50]))
    inbox_bucket.put("b/none.png", b"")
    inbox_bucket.put("b/text.png", b"no image")
    receipt = score(services)
    assert receipt.reasons == {"not-aligned": 12, "empty": 12, "not-an-image": 12}
    assert receipt.is_balanced


def test_an_archive_in_an_archive_is_rejected_in_every_place(
    services, one_sheet, inbox_bucket, results
):
    inner = packed({"deep.png": png_of(sheet(CELLS))})
    inbox_bucket.put("b/outer.zip", packed({"inner.zip": inner}))
    receipt = score(services)
    assert receipt.reasons == {"unsupported-format": 12}
    assert receipt.is_balanced


def test_a_sheet_is_fetched_and_predicted_once_for_all_its_places(
    services, one_sheet, inbox_bucket, monkeypatch
):
    fetched, predicted = [], []
    fetch_once = Bucket.fetch_once
    monkeypatch.setattr(
        Bucket, "fetch_once", lambda *args: fetched.append(args[1]) or fetch_once(*args)
    )
    predictor = services.registry.predictor

    def counting(model):
        made = predictor(model)
        outputs = made.outputs
        made.outputs = lambda images: predicted.append(len(images)) or outputs(images)
        return made

    monkeypatch.setattr(services.registry, "predictor", counting)
    assert services.settings.chunk_images < 12
    score(services)
    assert fetched == ["b/sheet.png"]
    assert predicted == [10]


@pytest.mark.parametrize("kept", range(4))
def test_a_run_killed_after_any_chunk_leaves_nothing_twice(services, one_sheet, inbox_bucket, kept):
    for number in range(3):
        inbox_bucket.put(f"b/sheet-{number}.png", png_of(sheet(CELLS)))
    with suppress(Killed):
        services.batch_scoring.run("b", "killed", map=killed_after(kept))
    receipt = score(another(services, chunk_images=30))
    assert receipt.outcomes == {Outcome.SCORED: 40, Outcome.EMPTY: 8}
    assert receipt.is_balanced
    assert receipt.duplicate_rows == 0


def test_two_runs_at_once_record_every_place_once(services, one_sheet, inbox_bucket, results):
    for number in range(3):
        inbox_bucket.put(f"b/sheet-{number}.png", png_of(sheet(CELLS)))
    with ThreadPoolExecutor(2) as pool:
        both = [another(services, chunk_images=n) for n in (3, 30)]
        receipts = list(pool.map(score, both, ("one", "two")))
    assert all(receipt.is_balanced for receipt in receipts)
    last = score(services, "last")
    assert last.outcomes == {Outcome.SCORED: 40, Outcome.EMPTY: 8}
    assert len(by_key(results)) == 48
    assert find_problems(last, results.parts("b")) == ()


def test_a_place_is_fetched_as_what_was_cut_out(services, one_sheet, inbox_bucket):
    score(services)
    (places,) = services.inbox.versions("b")
    cell = services.inbox.cut_out(places[5])
    assert cell.crop.shape[0] == pytest.approx(40, abs=4)
    assert services.inbox.fetch(places[5]) == cell.png
    assert decode(cell.png).pixels.any()
    inbox_bucket.put("b/sheet.png", png_of(sheet(CELLS[::-1])))
    with pytest.raises(ObjectChanged, match="overwritten"):
        another(services).inbox.fetch(places[5])


def test_places_have_digests_of_their_own(services, one_sheet, inbox_bucket, results):
    inbox_bucket.put("b/copy.png", png_of(sheet(CELLS)))
    score(services)
    digests = results.rows("b")["sha256"].to_pylist()
    assert len(set(digests)) == 12
    assert hashlib.sha256(png_of(sheet(CELLS))).hexdigest() not in digests
