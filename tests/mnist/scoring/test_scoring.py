"""Scoring a chunk: every object version ends as a row or is named as gone."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mnist.digits import Outcome, Reason
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone, Unavailable
from mnist.images import Limits, preprocessing_digest
from mnist.keys import ObjectVersion
from mnist.places import page_place, page_versions
from mnist.scoring.chunks import ScoredChunk, cut_chunks, score_chunk
from mnist.scoring.graphs import Predictor
from mnist.scoring.pictures import Fetched
from mnist.storage.fetching import fetch_each
from mnist.tables import PROBABILITY_COLUMNS, ROWS
from tests.factories import MODEL, digit_images, png, template_graph, version
from tests.paged_files import paged


@pytest.fixture(scope="module")
def predict(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("graph") / "templates.onnx"
    return Predictor(path, template_graph(path)).outputs


def score(predict, contents: dict[str, bytes | Exception], **options) -> ScoredChunk:
    def read(wanted: ObjectVersion) -> bytes:
        found = contents[wanted.key]
        if isinstance(found, Exception):
            raise found
        return found

    versions = [
        version(key, size=len(found) if isinstance(found, bytes) else 10)
        for key, found in contents.items()
    ]
    (chunk,) = cut_chunks(versions, "b", options.get("model", MODEL), 10_000)
    return score_chunk(
        chunk,
        fetch=lambda versions: fetch_each(versions, options.get("read", read), sleep=_no_sleep),
        predict=predict,
        threads=options.pop("threads", 3),
        limits=options.pop("limits", Limits()),
    )


def _no_sleep(seconds: float) -> None:
    assert 0 < seconds < 10


def test_digits_are_read_with_confidence_margin_and_ten_probabilities(predict):
    scored = score(predict, {f"b/{d}.png": png(d) for d in range(10)})
    table = scored.rows
    assert table.schema == ROWS
    assert table["digit"].to_pylist() == list(range(10))
    probabilities = np.array([table[name].to_pylist() for name in PROBABILITY_COLUMNS]).T
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(table["confidence"].to_pylist(), probabilities.max(axis=1))
    ranked = np.sort(probabilities, axis=1)
    assert np.allclose(table["margin"].to_pylist(), ranked[:, -1] - ranked[:, -2])


def test_a_row_says_what_scored_it(predict):
    row = score(predict, {"b/1.png": png(1)}).rows.to_pylist()[0]
    assert row["model_version"] == MODEL.version
    assert row["model_digest"] == MODEL.digest
    assert row["preprocessing_digest"] == preprocessing_digest()
    assert row["batch"] == "b"
    assert len(row["sha256"]) == 64
    assert row["scored_at"].tzinfo is not None


def test_a_row_says_what_the_picture_was_like(predict):
    half = np.full((60, 40), 30, np.uint8)
    half[20:40, 18:22] = 200
    content = cv2.imencode(".png", half)[1].tobytes()
    native, other = score(predict, {"b/1.png": png(1), "b/2.png": content}).rows.to_pylist()
    assert (native["width"], native["height"]) == (28, 28)
    assert native["ink"] == pytest.approx(digit_images(np.array([1])).mean() / 255, abs=1e-6)
    assert (other["width"], other["height"]) == (40, 60)
    assert (other["brightness"], other["contrast"]) == (30, 170)
    assert 0 < other["ink"] < 1


def test_a_rejected_row_has_no_picture_to_describe(predict):
    (row,) = score(predict, {"b/t.png": b"not an image"}).rows.to_pylist()
    assert row["ink"] is row["width"] is row["contrast"] is None


def test_what_is_unlike_a_digit_gets_a_warning_and_a_look(predict):
    def strange(images):
        outputs = predict(images)
        return outputs._replace(ood_scores=np.array([1.0, 3.0], np.float32)[: len(images)])

    model = replace(MODEL, accept_confidence=0.1, ood_threshold=2.0)
    files = {"b/1.png": png(1), "b/2.png": png(2)}
    known, unlike = score(strange, files, model=model).rows.to_pylist()
    assert (known["ood_score"], known["warnings"], known["accepted"]) == (1.0, [], True)
    assert (unlike["ood_score"], unlike["accepted"]) == (3.0, False)
    assert unlike["warnings"] == ["unlike-a-digit"]


def test_what_is_not_one_digit_has_an_outcome_of_its_own_and_is_never_accepted(predict):
    def strange(images):
        outputs = predict(images)
        return outputs._replace(ood_scores=np.array([1.0, 3.0, 5.0], np.float32)[: len(images)])

    model = replace(MODEL, accept_confidence=0.1, ood_threshold=2.0, no_digit_threshold=4.0)
    files = {f"b/{digit}.png": png(digit) for digit in (1, 2, 3)}
    table = score(strange, files, model=model).rows.to_pydict()
    assert table["outcome"] == ["scored", "scored", "not-a-digit"]
    assert table["accepted"] == [True, False, False]
    assert table["digit"] == [1, 2, 3]  # what it would be: people are asked about it


def test_a_version_without_the_score_leaves_it_out(predict):
    (row,) = score(predict, {"b/1.png": png(1)}).rows.to_pylist()
    assert row["ood_score"] is None


def test_bad_files_among_good_ones_become_rows_with_a_reason(predict):
    table = score(
        predict, {"b/1.png": png(1), "b/e.png": b"", "b/t.png": b"not an image", "b/2.png": png(2)}
    ).rows.to_pydict()
    assert table["outcome"] == ["scored", "rejected", "rejected", "scored"]
    assert table["reason"] == [None, "empty", "not-an-image", None]
    assert table["digit"] == [1, None, None, 2]
    assert table["accepted"][1:3] == [False, False]


def test_an_empty_object_is_not_even_read(predict):
    def read(_: ObjectVersion) -> bytes:
        raise AssertionError("read an object of 0 bytes")

    assert score(predict, {"b/e.png": b""}, read=read).rows["reason"].to_pylist() == ["empty"]


def test_an_object_above_the_limit_is_not_even_read(predict):
    def read(_: ObjectVersion) -> bytes:
        raise AssertionError("read an object that is too large")

    row = score(predict, {"b/1.png": png(1)}, read=read, limits=Limits(max_bytes=20)).rows
    assert row["reason"].to_pylist() == [str(Reason.TOO_LARGE)]
    assert "at most 20" in row["detail"].to_pylist()[0]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ObjectGone("gone"), Outcome.VANISHED), (ObjectChanged("changed"), Outcome.SUPERSEDED)],
)
def test_what_changed_since_the_listing_is_named_and_has_no_row(predict, error, outcome):
    scored = score(predict, {"b/1.png": png(1), "b/2.png": error})
    assert scored.rows["key"].to_pylist() == ["b/1.png"]
    assert [(left.version.key, left.why) for left in scored.unscored] == [("b/2.png", outcome)]


def test_a_refused_object_costs_one_row_not_the_chunk(predict):
    table = score(predict, {"b/1.png": AccessDenied("no"), "b/2.png": png(2)}).rows
    assert table["reason"].to_pylist() == ["unreadable", None]


def test_one_object_that_the_store_cannot_serve_is_left_for_a_later_run(predict):
    scored = score(predict, {"b/1.png": png(1), "b/2.png": Unavailable("bad disk")})
    assert scored.rows["key"].to_pylist() == ["b/1.png"]
    assert [(left.version.key, str(left.why)) for left in scored.unscored] == [
        ("b/2.png", "bad disk")
    ]


def test_a_store_that_stops_answering_stops_the_chunk(predict):
    down = {f"b/{i}.png": Unavailable("down") for i in range(3)}
    with pytest.raises(Unavailable):
        score(predict, {"b/good.png": png(1)} | down)


def test_single_failures_all_over_a_chunk_stop_it_too(predict):
    contents = {f"b/{i:03d}.png": png(1) for i in range(64 * 6)}
    contents |= {f"b/{i:03d}.png": Unavailable("down") for i in range(0, 64 * 6, 64)}
    with pytest.raises(Unavailable):
        score(predict, contents)


def test_only_what_is_unavailable_is_asked_for_again_and_the_row_says_how_often(predict):
    asked: list[str] = []

    def read(wanted: ObjectVersion) -> bytes:
        asked.append(wanted.key)
        if wanted.key == "b/denied.png":
            raise AccessDenied("no")
        if wanted.key == "b/slow.png" and asked.count("b/slow.png") < 3:
            raise Unavailable("a hiccup")
        return png(4)

    names = ("b/denied.png", "b/good.png", "b/slow.png")
    table = score(predict, dict.fromkeys(names, png(4)), read=read, threads=1).rows
    assert table["attempts"].to_pylist() == [1, 1, 3]
    assert table["digit"].to_pylist() == [None, 4, 4]


@pytest.mark.parametrize("threads", [1, 8])
def test_rows_do_not_depend_on_the_number_of_threads(predict, threads):
    contents = {f"b/{i:03d}.png": png(i % 10, mark=i % 200) for i in range(200)}
    table = score(predict, contents, threads=threads).rows
    assert table["key"].to_pylist() == list(contents)
    assert table["digit"].to_pylist() == [i % 10 for i in range(200)]


def test_low_confidence_is_left_for_review(predict):
    strict = MODEL.__class__("digits", "7", "d" * 64, accept_confidence=1.1)
    assert score(predict, {"b/1.png": png(1)}, model=strict).rows["accepted"].to_pylist() == [False]


def test_chunks_have_the_wanted_size_and_keep_every_version():
    versions = [version(f"b/{i}.png") for i in range(25)]
    chunks = list(cut_chunks(versions, "b", MODEL, 10))
    assert [len(chunk.versions) for chunk in chunks] == [10, 10, 5]
    assert [v for chunk in chunks for v in chunk.versions] == versions
    assert len({chunk.name for chunk in chunks}) == 3


def test_the_same_work_has_the_same_name():
    make: Callable[[], list[str]] = lambda: [  # noqa: E731
        chunk.name for chunk in cut_chunks([version(f"b/{i}.png") for i in range(5)], "b", MODEL, 2)
    ]
    assert make() == make()


def test_pages_of_one_file_that_cannot_be_fetched_are_no_store_that_is_down(predict):
    pages = list(page_versions(version("b/fax.tif"), 10))
    error = Unavailable("bad disk")
    (chunk,) = cut_chunks([*pages, version("b/good.png")], "b", MODEL, 100)

    def fetch(versions):
        for each in versions:
            yield Fetched(error if page_place(each) else png(4), 4)

    scored = score_chunk(chunk, fetch=fetch, predict=predict, threads=2, limits=Limits())
    assert scored.rows["key"].to_pylist() == ["b/good.png"]
    assert [left.version for left in scored.unscored] == pages


def test_a_file_of_several_pages_has_no_row_and_says_how_many(predict):
    scored = score(predict, {"b/fax.tif": paged("TIFF", (1, 2, 3)), "b/4.png": png(4)})
    assert scored.rows["key"].to_pylist() == ["b/4.png"]
    assert [(paged.file.key, paged.pages) for paged in scored.paged] == [("b/fax.tif", 3)]
