"""Verdicts in a real store: appended, and read back as they were."""

import pytest

from mnist.reviews.verdict import ErrorFault, standing_verdicts
from mnist.storage.verdicts import VerdictLog
from tests.reviewing import verdict


@pytest.fixture
def log(labels_bucket) -> VerdictLog:
    return VerdictLog(labels_bucket)


def test_without_verdicts_there_are_none(log):
    assert list(log.recorded()) == []


def test_a_verdict_and_what_takes_it_back_are_two_objects(log, labels_bucket):
    said, taken_back = verdict(1, "ada", ErrorFault.LABEL_WRONG), verdict(1, "ada", None)
    keys = [log.append(said), log.append(taken_back)]
    assert all(key.startswith("verdicts/2026-11-20/") for key in keys)
    assert {v.key for page in labels_bucket.versions() for v in page} == set(keys)
    entries = VerdictLog(labels_bucket).recorded()
    assert sorted(entries, key=lambda entry: entry.at) == [said, taken_back]
    assert standing_verdicts(entries) == {}


def test_a_stray_object_is_named_and_stops_nothing(log, labels_bucket):
    said = verdict(1, "ada", ErrorFault.AMBIGUOUS)
    log.append(said)
    labels_bucket.put("verdicts/2026-11-20/notes.json", b"{}")
    entries = log.recorded()
    assert list(entries) == [said]
    assert list(entries.unreadable) == ["verdicts/2026-11-20/notes.json"]
