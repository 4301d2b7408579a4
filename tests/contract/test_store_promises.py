"""Which store keeps which promise: the table in infra/README.md, cell by cell.

Each row of the table is a function here that fails where a store does not keep the promise.
"""

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.identities import UPLOADER
from infra.store import Store, create_buckets
from mnist.errors import AccessDenied, InvalidSettings, MnistError, ObjectChanged, ObjectGone
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.conditions import find_problem
from tests.stores import STORES

TABLE = Path("infra/README.md").read_text().partition("<!-- promises -->")[2]
LINES = [line for line in TABLE.partition("<!-- /promises -->")[0].splitlines() if line[:2] == "| "]
CELLS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES]
NAMES = [heading.lower() for heading in CELLS[0][1:-1]]
ROWS = {row[0]: dict(zip(NAMES, row[1:-1], strict=True)) for row in CELLS[1:]}

MANY = 16
ROUNDS = 3
UNUSUAL = ["a/with space.png", "a/ü é 数.png", "a/100%25+&=?#'().png", "a/" + "l" * 200 + ".png"]
CONTROL = ["a/new\nline.png", "a/tab\t.png"]


@dataclass
class Place:
    """A bucket of a promise's own."""

    store: Store
    settings: Settings
    bucket: Bucket
    client: Any

    @property
    def name(self) -> str:
        return self.bucket.name

    def keys(self, prefix: str = "") -> list[str]:
        return [version.key for page in self.bucket.versions(prefix) for version in page]


def of_many_who_create_one_wins(place: Place) -> None:
    for i in range(ROUNDS):
        etags = _at_once(lambda n, i=i: place.bucket.create(f"k{i}", str(n).encode()))
        (winner,) = [n for n, etag in enumerate(etags) if etag is not None]
        assert place.bucket.fetch(f"k{i}") == str(winner).encode()


def what_exists_is_not_created_again(place: Place) -> None:
    assert place.bucket.create("k", b"first") is not None
    assert place.bucket.create("k", b"second") is None
    assert place.bucket.fetch("k") == b"first"


def of_many_who_replace_one_wins(place: Place) -> None:
    etag = _created(place)
    for i in range(ROUNDS):  # each content only once: the same content has the same etag
        etags = _at_once(
            lambda n, i=i, etag=etag: place.bucket.replace("k", f"{i} {n}".encode(), etag)
        )
        (etag,) = [each for each in etags if each is not None]


def an_old_etag_replaces_nothing(place: Place) -> None:
    old = _created(place)
    new = place.bucket.replace("k", b"second", old)
    assert place.bucket.replace("k", b"third", old) is None
    assert place.bucket.fetch_with_etag("k") == (b"second", new)


def the_store_is_found_fit_to_score_on(place: Place) -> None:
    assert [find_problem(place.bucket) for _ in range(2)] == [None, None]


def a_listing_is_whole_and_in_order(place: Place) -> None:
    wanted = [f"many/{i:04d}" for i in range(1_001)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: place.bucket.put(key, b"x"), wanted))
    assert place.keys("many/") == wanted
    assert place.bucket.key_after("many/", "many/0998") == "many/0999"


def folders_are_told_from_objects(place: Place) -> None:
    for key in ("a/1.png", "b/c/2.png", "3.png"):
        place.bucket.put(key, b"x")
    folders, loose = place.bucket.folders()
    assert (sorted(folders), [version.key for version in loose]) == (["a", "b"], ["3.png"])


def an_object_that_changed_is_not_fetched(place: Place) -> None:
    place.bucket.put("a/1.png", b"one")
    (version,) = [v for page in place.bucket.versions() for v in page]
    assert place.bucket.fetch("a/1.png", version.etag) == b"one"
    place.bucket.put("a/1.png", b"two")
    with pytest.raises(ObjectChanged):
        place.bucket.fetch("a/1.png", version.etag)


def a_part_of_an_unchanged_object_is_fetched(place: Place) -> None:
    etag = _created(place).strip('"')
    assert place.bucket.fetch_range("k", etag, 1, 3).content == b"ir"
    place.bucket.put("k", b"other")
    with pytest.raises(ObjectChanged):
        place.bucket.fetch_range("k", etag, 1, 3)


def the_store_itself_looks_at_the_etag_of_a_fetch(place: Place) -> None:
    place.client.put_object(Bucket=place.name, Key="k", Body=b"x")
    with pytest.raises(ClientError, match=r"412|PreconditionFailed"):
        place.client.get_object(Bucket=place.name, Key="k", IfMatch='"0123456789abcdef"')


def what_is_missing_is_named(place: Place) -> None:
    with pytest.raises(ObjectGone):
        place.bucket.fetch("never")
    assert not place.bucket.exists("never")
    with pytest.raises(InvalidSettings, match="'nowhere' does not exist"):
        Bucket.on_s3(place.settings, "nowhere").fetch("never")


def unusual_keys_are_kept(place: Place) -> None:
    _put_and_find(place, UNUSUAL)


def control_characters_are_kept(place: Place) -> None:
    _put_and_find(place, CONTROL)


def an_empty_object_is_no_folder(place: Place) -> None:
    for key in ("a/", "a/sub/", "a/empty.png"):
        place.client.put_object(Bucket=place.name, Key=key, Body=b"")
    assert place.keys() == ["a/empty.png"]


def user_metadata_come_with_the_object(place: Place) -> None:
    place.client.put_object(Bucket=place.name, Key="k", Body=b"x", Metadata={"page": "007"})
    assert place.bucket.fetch_object("k").metadata == {"page": "007"}
    assert place.bucket.metadata("k") == {"page": "007"}


def a_large_file_goes_in_parts(place: Place) -> None:
    content = os.urandom(12_000_000)
    place.bucket.upload("k", io.BytesIO(content), "text/csv", {"receipt": "r-1"})
    assert place.bucket.fetch_object("k").content == content
    assert place.bucket.metadata("k") == {"receipt": "r-1"}
    (version,) = [v for page in place.bucket.versions() for v in page]
    assert place.bucket.fetch("k", version.etag) == content


def a_deleted_version_is_gone(place: Place) -> None:
    """In a bucket with versioning a deletion leaves a marker, on which one may create again."""
    status = {"Status": "Enabled"}
    place.client.put_bucket_versioning(Bucket=place.name, VersioningConfiguration=status)
    assert place.client.get_bucket_versioning(Bucket=place.name).get("Status") == "Enabled"
    first = _created(place)
    place.client.delete_object(Bucket=place.name, Key="k")
    assert place.keys() == []
    with pytest.raises(ObjectGone):
        place.bucket.fetch("k")
    assert place.bucket.replace("k", b"x", first) is None
    second = place.bucket.create("k", b"second")
    assert second is not None
    assert place.bucket.create("k", b"third") is None
    assert place.bucket.fetch("k") == b"second"


def a_wrong_key_is_refused(place: Place) -> None:
    wrong = place.store.environment() | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    settings = Settings.of_variables(wrong | {"MLFLOW_TRACKING_URI": "unset:"})
    refused = Bucket.on_s3(settings, place.name)
    for attempt in (lambda: refused.put("k", b"x"), lambda: list(refused.versions())):
        with pytest.raises(AccessDenied, match="AWS_SECRET_ACCESS_KEY"):
            attempt()


def each_identity_has_its_own_rights(place: Place) -> None:
    create_buckets(place.settings, ["inbox", "results"])
    settings = place.store.settings(UPLOADER)
    Bucket.on_s3(settings, "inbox").put("monday/7.png", b"ink")
    for attempt in (
        lambda: Bucket.on_s3(settings, "results").put("k", b"x"),
        lambda: Bucket.on_s3(settings, "inbox").fetch("monday/7.png"),
    ):
        with pytest.raises(AccessDenied):
            attempt()


PROMISES: tuple[Callable[[Place], None], ...] = (
    of_many_who_create_one_wins,
    what_exists_is_not_created_again,
    of_many_who_replace_one_wins,
    an_old_etag_replaces_nothing,
    the_store_is_found_fit_to_score_on,
    a_listing_is_whole_and_in_order,
    folders_are_told_from_objects,
    an_object_that_changed_is_not_fetched,
    a_part_of_an_unchanged_object_is_fetched,
    the_store_itself_looks_at_the_etag_of_a_fetch,
    what_is_missing_is_named,
    unusual_keys_are_kept,
    control_characters_are_kept,
    an_empty_object_is_no_folder,
    user_metadata_come_with_the_object,
    a_large_file_goes_in_parts,
    a_deleted_version_is_gone,
    a_wrong_key_is_refused,
    each_identity_has_its_own_rights,
)


def _at_once(attempt: Callable[[int], str | None]) -> list[str | None]:
    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(attempt, range(MANY)))


def _created(place: Place) -> str:
    etag = place.bucket.create("k", b"first")
    assert etag is not None
    return etag


def _put_and_find(place: Place, keys: list[str]) -> None:
    for key in keys:
        place.client.put_object(Bucket=place.name, Key=key, Body=key.encode())
    versions = [version for page in place.bucket.versions("a/") for version in page]
    assert sorted(version.key for version in versions) == sorted(keys)
    for version in versions:
        assert place.bucket.fetch(version.key, version.etag) == version.key.encode()


def row_of(promise: Callable[[Place], None]) -> str:
    return promise.__name__.replace("_", " ")


@pytest.fixture(scope="module", params=NAMES)
def peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Store]]:
    """Every store of the table, one after the other."""
    with STORES[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield request.param, running


@pytest.mark.parametrize("promise", PROMISES, ids=row_of)
def test_a_store_keeps_the_promises_that_the_table_says_and_no_others(
    peer: tuple[str, Store], promise: Callable[[Place], None]
) -> None:
    name, store = peer
    settings = store.settings()
    bucket = row_of(promise).replace(" ", "-")[:60]
    create_buckets(settings, [bucket])
    place = Place(store, settings, Bucket.on_s3(settings, bucket), control_client(settings))
    broken = (AssertionError, ValueError, ClientError, MnistError, pytest.fail.Exception)
    match ROWS[row_of(promise)][name]:
        case "yes":
            promise(place)
        case "no":
            with pytest.raises(broken):
                promise(place)
        case "not always":  # nothing to hold it to but that it ends
            with suppress(*broken):
                promise(place)


def test_the_table_has_a_row_for_each_promise_and_says_what_becomes_of_a_missing_one() -> None:
    assert list(ROWS) == [row_of(promise) for promise in PROMISES]
    answers = {answer for row in ROWS.values() for answer in row.values()}
    assert answers == {"yes", "no", "not always"}
    for promise, *answers, without in CELLS[1:]:
        assert without or "no" not in answers, promise
