"""The suite itself: what makes it as quick as it is."""

import os
import sys
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from tests.buckets import FreshBuckets
from tests.ordering import longest_first, seconds_of


def test_what_is_imported_is_compiled_once_for_all_processes():
    assert not sys.dont_write_bytecode
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


def test_long_files_begin_first_and_stay_together(request):
    files = [item.path for item in request.session.items]
    begun = dict.fromkeys(files)
    assert files == [path for path in begun for _ in range(files.count(path))]
    slowest = dict.fromkeys(begun, 0)
    for item in request.session.items:
        slowest[item.path] = max(slowest[item.path], seconds_of(item))
    assert [*slowest.values()] == sorted(slowest.values(), reverse=True)


def test_files_are_ordered_by_their_slowest_test_then_by_how_many_they_have():
    def test(path, **slow):
        marks = [pytest.mark.slow(**slow).mark] if slow else []
        return SimpleNamespace(path=path, iter_markers=lambda _name: marks)

    items = [test("few"), test("many"), test("long"), test("long", seconds=60), test("many")]
    assert [item.path for item in longest_first(items)] == ["long", "long", "many", "many", "few"]


def test_a_tests_buckets_are_its_own_and_empty_and_gone_afterwards(store):
    settings = store.settings()
    fresh = FreshBuckets(settings)
    with fresh.three() as first, fresh.three() as second:
        assert len({*first, *second}) == 6
        assert [name.partition("-")[0] for name in first] == ["inbox", "results", "labels"]
        for name in (*first, *second):
            assert [*Bucket.on_s3(settings, name).versions()] == []
        Bucket.on_s3(settings, first[0]).put("scans/1.png", b"1")
    fresh.close()
    for name in (*first, *second):
        with pytest.raises(ClientError, match="404"):
            control_client(settings).head_bucket(Bucket=name)
