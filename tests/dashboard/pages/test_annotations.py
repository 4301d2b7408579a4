"""Notes and tags: written on One image, shown, counted and filtered by on every gallery."""

import hashlib

import pytest

from dashboard.access.annotating import annotate, remove_view, save_view, take_back_note
from dashboard.access.people import Person, Role
from mnist import services
from mnist.errors import AccessDenied, InvalidInput
from mnist.reviews.content import ImageContent
from mnist.storage.annotations import AnnotationLog
from mnist.storage.audit import AuditLog
from mnist.storage.saved_views import SavedViews
from tests.dashboard.inspected import digits, rows_of
from tests.reviewing import annotation, review

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

FOURS = rows_of(4, 3)
ADA, EVE = Person("ada", Role.EDITOR), Person("eve", Role.VIEWER)


@pytest.fixture
def log(labels_bucket):
    return AnnotationLog(labels_bucket)


@pytest.fixture
def scans(scorer):
    """A batch of three digits, as it was recorded."""
    scorer.drop("scans", 3)
    scorer.score("scans")
    return scorer.results.rows("scans").to_pylist()


def of_test_image(row):
    digest = hashlib.sha256(digits().test.images[row].tobytes()).hexdigest()
    return ImageContent(sha256=digest, test_image=row)


def of_row(row):
    return ImageContent(sha256=row["sha256"], key=row["key"], etag=row["etag"], size=row["bytes"])


def written(log, images, who="ada", **values):
    log.append(annotation([1], who, **values).model_copy(update={"images": tuple(images)}))


def address_of(row):
    return {"key": row["key"], "etag": row["etag"], "size": str(row["bytes"])}


def write(page, **fields):
    """Fill in the form of one image."""
    for name, value in fields.items():
        if name == "note":
            page.app.text_area(key="annotate-note").set_value(value)
        else:
            page.app.multiselect(key=f"annotate-{name}").set_value(value)
    page.app.button(key="annotate-write").click().run()
    return page.checked()


def test_an_editor_writes_on_an_image_of_a_batch_and_the_audit_says_so(
    image, champion, scans, log, results_bucket
):
    page = image.by("ada").open(batch="scans", **address_of(scans[0]))
    write(page, note="Ask the school.")
    assert "Written on 1 image: a note." in "\n".join(s.value for s in page.app.success)
    assert "Ask the school." in page.words
    (entry,) = log.recorded()
    assert (entry.images, entry.note, entry.who) == ((of_row(scans[0]),), "Ask the school.", "ada")
    (line,) = AuditLog(results_bucket).last(5)
    assert (line.what, line.subject, line.why) == (
        "write a note or tags",
        scans[0]["key"],
        "Ask the school.",
    )


def test_tags_of_a_test_image_are_taken_off_where_it_is_looked_at(image, champion, log):
    written(log, [of_test_image(FOURS[0])], tags=("blurred", "odd"))
    page = image.by("ada").open(test=str(FOURS[0]))
    assert page.app.expander[0].label.replace("\\", "") == "Notes and tags · #blurred · #odd"
    write(page, removed=["odd"])
    assert page.app.expander[0].label.replace("\\", "") == "Notes and tags · #blurred"


def test_a_note_is_taken_back_and_stays_in_the_log(image, champion, log):
    written(log, [of_test_image(FOURS[0])], "bob", note="A **7**?")
    page = image.by("ada").open(test=str(FOURS[0]))
    assert "A **7**?" in page.words
    (button,) = [b for b in page.app.button if (b.key or "").startswith("take-back-")]
    button.click().run()
    assert "bob, 2026-11-20" not in page.checked().words
    assert len(log.recorded()) == 2


def test_a_viewer_sees_them_and_has_no_form(image, champion, log):
    written(log, [of_test_image(FOURS[0])], tags=("blurred",), note="Ask.")
    page = image.by("eve", Role.VIEWER).open(test=str(FOURS[0]))
    assert "Ask." in page.words
    assert not page.app.text_area
    assert not [b for b in page.app.button if (b.key or "").startswith(("annotate", "take"))]


def test_the_actions_themselves_refuse_a_viewer(champion, log, labels_bucket):
    current = services.current()
    images, entry = [of_test_image(FOURS[0])], annotation([1], note="so")
    with pytest.raises(AccessDenied):
        annotate(current.annotations, current.audit, EVE, images, note="so")
    with pytest.raises(AccessDenied):
        take_back_note(current.annotations, current.audit, EVE, "key", entry)
    with pytest.raises(AccessDenied):
        save_view(current.saved_views, current.audit, EVE, "Mine", page="errors", query="")
    with pytest.raises(AccessDenied):
        remove_view(current.saved_views, current.audit, EVE, "Mine")
    assert list(labels_bucket.versions()) in ([], [[]])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "neither a note nor a tag"),
        ({"note": "x" * 10_000}, "10,000 characters"),
        ({"tags": ["x" * 10_000]}, "is no tag"),
        ({"tags": ["a"], "removed": ["A"]}, "to be given and taken off"),
        ({"images": [], "note": "so"}, "these are 0"),
        ({"images": [of_test_image] * 501, "note": "so"}, "these are 501"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_audit(champion, results_bucket, values, says):
    current = services.current()
    images = values.pop("images", [of_test_image(FOURS[0])])
    with pytest.raises(InvalidInput, match=says):
        annotate(current.annotations, current.audit, ADA, images, **values)
    assert AuditLog(results_bucket).last(1) == []


def test_tags_stand_on_tiles_and_filter_a_batch_by_its_address(batches, champion, scans, log):
    written(log, [of_row(scans[0])], tags=("blurred",), note="Ask.")
    (tile,) = batches.by("ada").open(batch="scans", tag="blurred").tiles
    assert tile["name"] in scans[0]["key"]
    assert tile["remarks"].endswith("#blurred · 1 note")
    assert "Ask. (ada)" in tile["title"]


def test_tags_filter_the_test_images_on_errors_and_on_compare(errors, champion, log):
    written(log, [of_test_image(row) for row in FOURS[:2]], tags=("blurred",))
    assert len(errors.by("ada").open(tag="blurred").tiles) == 2


def test_a_tag_that_nobody_gives_any_more_is_named_and_filters_nothing(errors, champion, log):
    page = errors.by("ada").open(tag="blurred")
    assert "No image has the tag `blurred`" in page.words
    assert len(page.tiles) == 5


def test_tags_filter_labels(labels, champion, scans, review_log, log):
    for row in scans:
        version = {"key": row["key"], "etag": row["etag"], "size": row["bytes"]}
        review_log.append(review("", "ada", "3", sha256=row["sha256"], **version))
    written(log, [of_row(scans[1])], tags=("blurred",))
    (tile,) = labels.by("ada").open(tag="blurred").tiles
    assert "#blurred" in tile["remarks"]


def test_a_view_of_a_page_that_is_gone_says_so_on_overview(overview, champion, labels_bucket):
    SavedViews(labels_bucket).save("Old maps", "maps", "version=3", "ada")
    assert "Old maps: there is no page `maps` any more" in overview.by("ada").open().words
