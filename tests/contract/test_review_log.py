"""Reviews in a real store: appended, never overwritten, read back as they were."""

import pytest

from mnist.errors import IntegrityError
from mnist.storage.reviews import ReviewLog, review_key
from tests.reviewing import review


@pytest.fixture
def log(labels_bucket) -> ReviewLog:
    return ReviewLog(labels_bucket)


def test_without_reviews_there_are_none(log):
    assert list(log.recorded()) == []


def test_an_answer_and_its_withdrawal_are_two_objects(log, labels_bucket):
    answer = review("a", "ada", "7", read_as=1, model_version="3")
    taken_back = answer.withdrawal()
    keys = [log.append(answer), log.append(taken_back)]
    assert keys[0] == f"reviews/2026-11-20/{answer.id}.json"
    assert {v.key for page in labels_bucket.versions() for v in page} == set(keys)
    assert {r.id: r for r in ReviewLog(labels_bucket).recorded()} == {
        answer.id: answer,
        taken_back.id: taken_back,
    }


def test_recording_the_same_entry_again_changes_nothing(log):
    answer = review("a", "ada", "7")
    assert log.append(answer) == log.append(answer)
    assert list(log.recorded()) == [answer]


def test_an_entry_is_never_overwritten(log):
    answer = review("a", "ada", "7")
    log.append(answer)
    with pytest.raises(IntegrityError, match="is another review"):
        log.append(answer.model_copy(update={"reviewer": "eve"}))
    assert [each.reviewer for each in log.recorded()] == ["ada"]


def test_new_entries_are_seen_by_a_log_that_has_read_before(log, labels_bucket):
    log.append(review("a", "ada", "7"))
    assert len(log.recorded()) == 1
    ReviewLog(labels_bucket).append(review("b", "bob", "8"))
    assert len(log.recorded()) == 2


def test_what_is_no_review_is_named_and_left_out(log, labels_bucket):
    kept = review("a", "ada", "7")
    log.append(kept)
    stray = review("b", "bob", "8")
    labels_bucket.put("reviews/2026-11-20/notes.json", b"{}")
    labels_bucket.put("reviews/2026-11-20/moved.json", stray.model_dump_json().encode())
    recorded = log.recorded()
    assert list(recorded) == [kept]
    assert len(recorded.unreadable) == 2
    assert review_key(kept) not in recorded.unreadable
