"""Reviewed labels in a real store become images to learn from, and a section of the report."""

from dataclasses import replace

import numpy as np
import pytest

from mnist.operations.gates import Judgement
from mnist.operations.relabelling import (
    AUDITED,
    CUT_OTHERWISE,
    GONE,
    OPEN,
    UNREADABLE,
    Relabelling,
)
from mnist.promotion import Policy, refuse
from mnist.storage.pages import PageCounts
from mnist.storage.reviews import ReviewLog
from mnist.tables import BOX_COLUMNS
from tests.factories import SeveralModels, png, services_of
from tests.paged_files import paged
from tests.reviewing import review, review_of
from tests.sheets import layout, png_of, sheet, strip


@pytest.fixture
def log(labels_bucket) -> ReviewLog:
    return ReviewLog(labels_bucket)


@pytest.fixture
def models(tmp_path) -> SeveralModels:
    return SeveralModels(tmp_path)


@pytest.fixture
def relabelling(settings, models) -> Relabelling:
    return Relabelling(services_of(settings, registry=models))


@pytest.fixture
def agree(inbox, inbox_bucket, log):
    """Drop an image and let two people agree on it."""

    def drop(name, content, answer, who=("ada", "bob"), blind=()):
        inbox_bucket.put(f"scans/{name}", content)
        found = [v for page in inbox.versions("scans") for v in page if v.key.endswith(name)]
        for each in who:
            log.append(review_of(found[0], content, each, answer, audit=each in blind))

    return drop


def judgement(champion="2") -> Judgement:
    return Judgement(refuse("Nothing to judge here.", Policy()), champion, "digest")


def test_agreed_images_are_decoded_as_scoring_does(relabelling, agree):
    agree("4.png", png(4), "4")
    agree("9.png", png(9, mark=1), "9")
    agree("7.png", png(7), "7", who=("ada",))
    found = relabelling.reviewed_labels()
    assert found.images.labels.tolist() == [4, 9]
    assert found.keys == ("scans/4.png", "scans/9.png")
    assert found.by_reviewer == {"ada": 2, "bob": 2}
    assert found.left_out == {OPEN: 1}


def test_what_somebody_looked_at_blind_measures_and_is_not_learned_from(relabelling, agree):
    agree("4.png", png(4), "4", blind=("ada", "bob"))
    agree("9.png", png(9), "9", blind=("ada",))
    found = relabelling.reviewed_labels()
    assert not len(found.images.labels)
    assert found.left_out[AUDITED] == 2


def test_images_that_are_not_what_was_looked_at_are_counted(relabelling, agree, inbox_bucket):
    agree("4.png", png(4), "4")
    agree("text.png", b"no image at all", "7")
    inbox_bucket.put("scans/4.png", png(5))
    found = relabelling.reviewed_labels()
    assert found.images.n == 0
    assert found.left_out == {GONE: 1, UNREADABLE: 1}


def test_a_page_is_recognised_however_it_was_drawn_when_it_was_looked_at(
    relabelling, inbox, inbox_bucket, log, results_bucket
):
    inbox_bucket.put("scans/fax.tif", paged("TIFF", (4, 5)))
    (file,) = next(inbox.versions("scans"))
    PageCounts(results_bucket).record(file, 2)
    page = next(inbox.versions("scans"))[1]
    for each in ("ada", "bob"):
        log.append(review_of(page, b"as another library draws it", each, "5"))
    found = relabelling.reviewed_labels()
    assert found.images.labels.tolist() == [5]
    assert found.keys == ("scans/fax.tif!2",)


def test_the_report_names_what_the_labels_put_right(relabelling, agree, models):
    agree("`4`|.png", png(4), "4")
    agree("7.png", png(7), "7")
    agree("9.png", png(9), "4")  # agreed, and neither model reads it so but the swapped one
    reviewed = replace(relabelling.reviewed_labels(), repeats=3)
    predict = models.predictor(models.version("1")).predict
    told = relabelling.explain(judgement(champion="2"), predict, reviewed)
    changes = told.decision.evidence["reviewed"]["changes"]
    assert [image["key"] for image in changes["fixed"]] == ["scans/`4`|.png"]
    assert [image["key"] for image in changes["broken"]] == ["scans/9.png"]
    assert (changes["right_before"], changes["right_after"]) == (2, 2)
    report = told.report
    assert "3 used, 3 times per epoch (labels of ada 3, bob 3)." in report
    assert "**Right now, wrong before: 1**" in report
    assert "| `scans/?4??.png` | 4 | 9 | 4 |" in report
    assert "**Wrong now, right before: 1**" in report


def test_the_first_model_has_no_one_to_be_compared_with(relabelling, agree, models):
    agree("4.png", png(4), "4")
    predict = models.predictor(models.version("1")).predict
    told = relabelling.explain(judgement(None), predict, relabelling.reviewed_labels())
    assert "1 labelled images; the candidate" in told.report


def test_without_reviews_a_judgement_is_untouched(relabelling, models):
    plain = judgement()
    predict = models.predictor(models.version("1")).predict
    assert relabelling.explain(plain, predict, relabelling.reviewed_labels()) is plain
    assert "Reviewed labels" not in plain.report
    assert np.array_equal(relabelling.reviewed_labels().images.labels, [])


@pytest.fixture
def strip_reviewed(services, inbox_bucket, log, results):
    """A strip that was read as 0148, and two people who see something in it."""

    def reviewed(value, **more):
        inbox_bucket.put("scans/_LAYOUT.json", layout(digits=4))
        inbox_bucket.put("scans/strip.png", png_of(strip("0148")))
        services.batch_scoring.run("scans", "run")
        (row,) = results.rows("scans").to_pylist()
        boxes = tuple(tuple(mark[side] for side in BOX_COLUMNS) for mark in row["marks"])
        place = {name: row[name] for name in ("key", "etag", "sha256")}
        for each in ("ada", "bob"):
            place |= {"size": row["bytes"], "value": value, "boxes": boxes, **more}
            log.append(review("", each, None, **place))

    return reviewed


def test_the_digits_of_a_value_become_labels_where_there_are_as_many(relabelling, strip_reviewed):
    strip_reviewed("0149")
    labels = relabelling.reviewed_labels()
    assert labels.images.labels.tolist() == [0, 1, 4, 9]
    assert labels.images.images.any(axis=(1, 2)).all()
    assert labels.by_reviewer == {"ada": 4, "bob": 4}


def test_a_value_of_another_length_labels_no_digit_and_is_counted(relabelling, strip_reviewed):
    strip_reviewed("01489")
    labels = relabelling.reviewed_labels()
    assert labels.images.n == 0
    assert labels.left_out == {CUT_OTHERWISE: 1}


def test_a_value_that_a_person_cut_otherwise_is_learned_as_it_was_cut(
    relabelling, strip_reviewed, services, results
):
    strip_reviewed("01498", cuts=(52, 88, 124, 142))  # the last digit in two
    labels = relabelling.reviewed_labels()
    assert labels.images.labels.tolist() == [0, 1, 4, 9, 8]
    (row,) = results.rows("scans").to_pylist()
    place = next(v for page in services.inbox.versions("scans") for v in page)
    assert place.key == row["key"]
    by_the_model = services.inbox.cut_out(place).cut.candidates
    apart = [
        min(float(np.abs(image.astype(float) - other).mean()) for other in by_the_model)
        for image in labels.images.images
    ]
    assert max(apart) < 5  # grey levels: every segment of the lattice looks as it did there


def test_cuts_that_do_not_fit_the_value_label_nothing(relabelling, strip_reviewed):
    strip_reviewed("0149", cuts=(52, 88))
    assert relabelling.reviewed_labels().left_out == {CUT_OTHERWISE: 1}


def test_the_digits_of_an_audited_value_are_never_learned(relabelling, strip_reviewed):
    strip_reviewed("0149", audit=True)
    labels = relabelling.reviewed_labels()
    assert labels.images.n == 0
    assert labels.left_out == {AUDITED: 1}


def test_a_cell_of_a_sheet_is_learned_as_it_was_cut(
    relabelling, services, inbox, inbox_bucket, log, results
):
    inbox_bucket.put("scans/_LAYOUT.json", layout(grid=[2, 2]))
    inbox_bucket.put("scans/sheet.png", png_of(sheet([[1, 2], [3, 4]])))
    services.batch_scoring.run("scans", "run")
    row = results.rows("scans").to_pylist()[3]
    for each in ("ada", "bob"):
        place = {name: row[name] for name in ("key", "etag", "sha256")}
        log.append(review("", each, "4", **place, size=row["bytes"]))
    labels = relabelling.reviewed_labels()
    assert labels.images.labels.tolist() == [4]
    place = next(v for page in inbox.versions("scans") for v in page if v.key == row["key"])
    cut = inbox.cut_out(place).cut
    np.testing.assert_array_equal(labels.images.images, cut.candidates)
