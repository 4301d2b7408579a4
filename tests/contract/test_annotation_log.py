"""Notes, tags and saved views in a real store: appended, and read back as they were."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mnist.errors import InvalidInput
from mnist.reviews.annotation import standing_annotations
from mnist.storage.annotations import AnnotationLog
from mnist.storage.saved_views import SavedViews
from tests.reviewing import annotation, content


@pytest.fixture
def views(labels_bucket):
    return SavedViews(labels_bucket)


def names(views):
    return [view.name for view in views.standing()]


def test_an_entry_about_several_images_is_one_object(labels_bucket):
    log = AnnotationLog(labels_bucket)
    key = log.append(annotation([1, 2, 3], tags=("blurred",), note="Ask."))
    assert key.startswith("annotations/2026-11-20/")
    assert [v.key for page in labels_bucket.versions() for v in page] == [key]
    standing = standing_annotations(AnnotationLog(labels_bucket).recorded().by_key)
    assert {standing[content(image).sha256].tags for image in (1, 2, 3)} == {("blurred",)}


def test_a_stray_object_is_named_and_stops_nothing(labels_bucket):
    labels_bucket.put("annotations/2026-11-20/notes.json", b"{}")
    entries = AnnotationLog(labels_bucket).recorded()
    assert (list(entries), list(entries.unreadable)) == ([], ["annotations/2026-11-20/notes.json"])


def test_views_are_listed_by_name_until_they_are_removed(views, labels_bucket):
    views.save("Weak sevens", "errors", "true=7&read=1", "ada")
    views.save("all doubts", "batches", "batch=scans&outcome=for+review", "bob")
    assert names(views) == ["all doubts", "Weak sevens"]
    views.remove("weak SEVENS", "bob")
    assert names(SavedViews(labels_bucket)) == ["all doubts"]
    views.save("Weak sevens", "errors", "true=7", "eve")
    assert [view.query for view in views.standing()][-1] == "true=7"


def test_a_name_is_given_once_whatever_its_capitals(views):
    views.save("Weak sevens", "errors", "", "ada")
    with pytest.raises(InvalidInput, match="'Weak sevens' already, saved by ada"):
        views.save("weak  sevens", "batches", "", "bob")


def test_of_two_people_who_take_a_name_at_once_one_is_told(labels_bucket):
    def save(who):
        try:
            return SavedViews(labels_bucket).save("Mine", "errors", "", who).who
        except InvalidInput:
            return None

    with ThreadPoolExecutor(8) as pool:
        winners = [who for who in pool.map(save, [f"p{i}" for i in range(8)]) if who]
    assert [view.who for view in SavedViews(labels_bucket).standing()] == winners
    assert len(winners) == 1


@pytest.mark.parametrize("name", ["", "  \t", "x" * 81, "x" * 10_000, "a\u202eb"])
def test_what_is_no_name_is_refused(views, name):
    with pytest.raises(InvalidInput, match="name"):
        views.save(name, "errors", "", "ada")


def test_an_address_that_is_too_long_is_refused_and_says_what_to_do(views):
    with pytest.raises(InvalidInput, match=r"10,000 characters.*Take filters away"):
        views.save("Long", "errors", "x" * 10_000, "ada")


def test_a_view_that_is_not_there_cannot_be_removed(views):
    with pytest.raises(InvalidInput, match="no view 'Nothing'"):
        views.remove("Nothing", "ada")
