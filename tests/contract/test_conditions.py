"""The store is asked for its promise before anything is written."""

from pathlib import Path

import pytest
from obstore.store import MemoryStore

from infra.identities import BUCKETS
from infra.provisioning import provision
from infra.store import create_buckets
from mnist.digits import Outcome
from mnist.errors import InvalidSettings, Unavailable, Unsupported
from mnist.services import Services
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import find_problem, probe_key, with_sure_writes
from tests.factories import InMemory, OneModel, png
from tests.infra.test_doctor import examined
from tests.stores import STORES


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
    assert [v.key for page in careful.versions() for v in page] == [probe_key()]
    assert with_sure_writes(careful, allow_plain=False) is careful


def test_without_conditional_writes_nothing_is_scored_unless_told_so(careless):
    with pytest.raises(InvalidSettings, match="MNIST_ALLOW_PLAIN_WRITES"):
        with_sure_writes(careless, allow_plain=False)


def test_a_store_that_ignores_only_the_second_condition_is_found_too(careless):
    careless.create = lambda *_: None
    careless.put(probe_key(), b"x")
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


@pytest.fixture
def on_a_careless_store(careless, tmp_path):
    services = InMemory()
    services.registry = OneModel(tmp_path)
    services.results_bucket = careless
    return services


def test_without_conditional_writes_nobody_decides_about_the_champion(on_a_careless_store):
    """Two decisions at once would both get the journal's next number, one of them for nothing."""
    for decide in (
        on_a_careless_store.retraining.check_registry,  # before any time is spent
        lambda: on_a_careless_store.aliases,
    ):
        with pytest.raises(InvalidSettings, match="MNIST_ALLOW_PLAIN_WRITES"):
            decide()


def test_who_only_reads_the_journal_asks_the_store_nothing(on_a_careless_store):
    assert on_a_careless_store.journal.champion() is None
    assert [v for page in on_a_careless_store.results_bucket.versions() for v in page] == []


@pytest.fixture
def plain_store(tmp_path):
    """A real store that ignores conditions."""
    with STORES["rclone"](tmp_path) as running:
        create_buckets(running.settings(), BUCKETS)
        yield running


def test_the_doctor_says_in_one_sentence_that_a_store_does_not_honour_conditions(plain_store):
    variables = plain_store.environment() | plain_store.keys
    found = examined(variables=variables)["conditional writes"]
    assert "lets a second writer" in found.problem
    assert "MNIST_ALLOW_PLAIN_WRITES=true" in found.remedy


def test_nothing_is_provisioned_on_such_a_store_unless_somebody_said_so(plain_store, tmp_path):
    variables = plain_store.environment() | plain_store.keys | {"MLFLOW_TRACKING_URI": "unset:"}
    said = []
    with pytest.raises(InvalidSettings, match="lets a second writer"):
        provision(Path.cwd(), tmp_path, variables, said.append)
    assert said == [f"buckets {', '.join(BUCKETS)}"]


def test_with_plain_writes_a_batch_is_scored_and_its_receipt_verifies(plain_store, tmp_path):
    settings = plain_store.settings().model_copy(update={"allow_plain_writes": True})
    services = Services(settings)
    services.registry = OneModel(tmp_path)
    inbox = services.bucket("inbox")
    for digit in range(5):
        inbox.put(f"monday/{digit}.png", png(digit))
    for run in ("first", "second"):
        receipt = services.batch_scoring.run("monday", run).receipt
        assert receipt.outcomes == {Outcome.SCORED: 5}
    assert services.results.problems(receipt) == ()


class WinsTwiceOnce(IgnoresConditions):
    """A store that is atomic but for one moment, as a model of a store in memory may be."""

    def __init__(self):
        super().__init__()
        self.lapses = 1

    def put(self, key, content, mode=None):
        if mode == "create" and self.lapses and key in self.written:
            self.lapses -= 1
            mode = "overwrite"
        self.written.add(key)
        return self._store.put(key, content, mode=mode or "overwrite")

    @property
    def written(self):
        return self.__dict__.setdefault("_written", set())


def test_a_store_that_was_found_out_once_is_not_trusted_when_it_is_asked_again():
    rarely = Bucket("rarely", WinsTwiceOnce(), None)
    problem = find_problem(rarely)
    assert "create" in problem
    assert find_problem(rarely) == problem


def test_every_day_many_try_to_create_what_is_not_there_yet(monkeypatch):
    bucket = Bucket.in_memory()
    monkeypatch.setattr("mnist.storage.conditions.today", lambda: "2026-11-27")
    assert find_problem(bucket) is None
    bucket.create = lambda key, _: None if key.endswith("27") else "an etag for everybody"
    assert find_problem(bucket) is None
    monkeypatch.setattr("mnist.storage.conditions.today", lambda: "2026-11-28")
    assert "create" in find_problem(bucket)
