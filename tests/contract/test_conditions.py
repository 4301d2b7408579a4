"""The store is asked for its promise before anything is written."""

import pytest
from obstore.store import MemoryStore

from mnist.errors import InvalidSettings, Unavailable, Unsupported
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import PROBE_KEY, find_problem, with_sure_writes


class IgnoresConditions:
    """A store that takes every write, as some gateways do."""

    def __init__(self):
        self._store = MemoryStore()

    def put(self, key, content, mode=None):  # noqa: ARG002
        return self._store.put(key, content)

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.fixture
def careless():
    return Bucket("careless", IgnoresConditions(), None)


@pytest.fixture(params=["store", "memory"])
def careful(request):
    if request.param == "memory":
        return Bucket.in_memory()
    return request.getfixturevalue("results_bucket")


def test_a_store_with_conditional_writes_passes_again_and_again(careful):
    assert [find_problem(careful) for _ in range(3)] == [None] * 3
    assert [v.key for page in careful.versions() for v in page] == [PROBE_KEY]
    assert with_sure_writes(careful, allow_plain=False) is careful


def test_without_conditional_writes_nothing_is_scored_unless_told_so(careless):
    with pytest.raises(InvalidSettings, match="MNIST_ALLOW_PLAIN_WRITES"):
        with_sure_writes(careless, allow_plain=False)


def test_a_store_that_ignores_only_the_second_condition_is_found_too(careless):
    careless.create = lambda *_: None
    careless.put(PROBE_KEY, b"x")
    assert "replace" in str(find_problem(careless))


def test_the_fallback_still_overwrites_nothing_that_it_sees(careless):
    plain = with_sure_writes(careless, allow_plain=True)
    etag = plain.create("k", b"first")
    assert plain.create("k", b"second") is None
    assert plain.replace("k", b"third", "another etag") is None
    assert plain.replace("never", b"x", "an etag") is None
    assert plain.fetch("k") == b"first"
    assert plain.replace("k", b"third", etag) is not None
    assert plain.fetch("k") == b"third"


def test_a_store_that_is_down_is_not_taken_for_one_without_the_promise(careless):
    def down(key, content):
        raise Unavailable("the store did not create (connection refused)")

    careless.create = down
    with pytest.raises(Unavailable):
        find_problem(careless)


def test_a_store_that_refuses_the_header_is_named(careless):
    def refused(key, content):
        raise Unsupported("If-None-Match")

    careless.create = refused
    assert find_problem(careless) == "does not know conditional writes"
