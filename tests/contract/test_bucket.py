"""One set of expectations for a bucket on a real store and one in memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mnist.errors import AccessDenied, InvalidSettings, ObjectChanged, ObjectGone, Unavailable
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.inbox import Inbox


@pytest.fixture(params=["store", "memory"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    return (
        request.getfixturevalue("inbox_bucket") if request.param == "store" else Bucket.in_memory()
    )


def keys(bucket: Bucket, prefix: str = "") -> list[str]:
    return [version.key for page in bucket.versions(prefix) for version in page]


def test_what_was_written_is_listed_and_read(bucket):
    bucket.put("a/1.png", b"one")
    (found,) = (v for page in bucket.versions("a/") for v in page)
    assert (found.key, found.size) == ("a/1.png", 3)
    assert bucket.fetch("a/1.png", found.etag) == b"one"


def test_more_than_one_page_is_listed(bucket):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: bucket.put(f"many/{i:04d}", b"x"), range(1_001)))
    assert keys(bucket, "many/") == [f"many/{i:04d}" for i in range(1_001)]


def test_a_prefix_does_not_match_a_longer_folder_name(bucket):
    bucket.put("a/1.png", b"x")
    bucket.put("ab/2.png", b"x")
    assert keys(bucket, "a/") == ["a/1.png"]


@pytest.mark.parametrize(
    "key", ["a/with space.png", "a/ü é 数.png", "a/100%25+&=?#'().png", "a/" + "l" * 200 + ".png"]
)
def test_unusual_names_are_listed_and_read(bucket, key):
    bucket.put(key, b"x")
    (found,) = (v for page in bucket.versions("a/") for v in page)
    assert found.key == key
    assert bucket.fetch(found.key, found.etag) == b"x"


def test_reading_says_gone_or_changed(bucket):
    bucket.put("a/1.png", b"one")
    (found,) = (v for page in bucket.versions("a/") for v in page)
    bucket.put("a/1.png", b"other")
    with pytest.raises(ObjectChanged):
        bucket.fetch("a/1.png", found.etag)
    with pytest.raises(ObjectGone):
        bucket.fetch("a/never.png")


def test_of_many_who_create_one_wins_and_its_content_stays(bucket):
    with ThreadPoolExecutor(16) as pool:
        etags = list(pool.map(lambda i: bucket.create("k", str(i).encode()), range(16)))
    winners = [i for i, etag in enumerate(etags) if etag is not None]
    assert len(winners) == 1
    assert bucket.fetch("k") == str(winners[0]).encode()


def test_of_many_who_replace_the_same_version_one_wins(bucket):
    etag = bucket.create("k", b"first")
    with ThreadPoolExecutor(16) as pool:
        etags = list(pool.map(lambda i: bucket.replace("k", str(i).encode(), etag), range(16)))
    assert sum(each is not None for each in etags) == 1


def test_replacing_with_an_old_etag_changes_nothing(bucket):
    old = bucket.create("k", b"first")
    new = bucket.replace("k", b"second", old)
    assert bucket.replace("k", b"third", old) is None
    assert bucket.fetch_with_etag("k") == (b"second", new)


def test_an_absent_object_reads_as_none(bucket):
    assert bucket.fetch_with_etag("never") is None
    assert not bucket.exists("never")


def test_the_top_shows_folders_and_objects_outside(bucket):
    bucket.put("a/1.png", b"x")
    bucket.put("b/c/2.png", b"x")
    bucket.put("3.png", b"x")
    folders, loose = bucket.folders()
    assert sorted(folders) == ["a", "b"]
    assert [version.key for version in loose] == ["3.png"]


def test_keys_with_control_characters_do_not_hide_the_others(settings, inbox_bucket):
    client = control_client(settings)
    for key in ("a/1.png", "a/new\nline.png", "a/tab\t.png", "a/z.png"):
        client.put_object(Bucket=settings.inbox_bucket, Key=key, Body=b"x")
    found = [v for page in inbox_bucket.versions("a/") for v in page]
    assert sorted(v.key for v in found) == ["a/1.png", "a/new\nline.png", "a/tab\t.png", "a/z.png"]
    assert all(inbox_bucket.fetch(v.key, v.etag) == b"x" for v in found)


def test_a_folder_with_a_control_character_is_a_batch_too(settings, inbox_bucket):
    client = control_client(settings)
    client.put_object(Bucket=settings.inbox_bucket, Key="new\nline/1.png", Body=b"x")
    client.put_object(Bucket=settings.inbox_bucket, Key="plain/1.png", Body=b"x")
    inbox = Inbox(inbox_bucket)
    assert inbox.batches() == ["new\nline", "plain"]
    assert [v.key for page in inbox.versions("new\nline") for v in page] == ["new\nline/1.png"]


def test_folder_markers_are_not_objects_but_empty_files_are(settings, inbox_bucket):
    client = control_client(settings)
    client.put_object(Bucket=settings.inbox_bucket, Key="a/", Body=b"")
    client.put_object(Bucket=settings.inbox_bucket, Key="a/sub/", Body=b"")
    client.put_object(Bucket=settings.inbox_bucket, Key="a/empty.png", Body=b"")
    assert keys(inbox_bucket) == ["a/empty.png"]


def changed(settings: Settings, **values: str) -> Settings:
    known = {
        "AWS_ENDPOINT_URL": settings.s3_endpoint_url,
        "AWS_ACCESS_KEY_ID": settings.s3_access_key_id.get_secret_value(),
        "AWS_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "MLFLOW_TRACKING_URI": settings.mlflow_tracking_uri,
    }
    return Settings(**(known | values))


def test_wrong_credentials_are_named(settings):
    refused = Bucket.on_s3(changed(settings, AWS_SECRET_ACCESS_KEY="wrong"), settings.inbox_bucket)
    for attempt in (
        lambda: refused.fetch("a"),
        lambda: refused.create("a", b""),
        lambda: list(refused.versions()),
        refused.folders,
    ):
        with pytest.raises(AccessDenied, match="AWS_SECRET_ACCESS_KEY"):
            attempt()


def test_a_missing_bucket_is_named(settings):
    with pytest.raises(InvalidSettings, match="'nowhere' does not exist"):
        list(Bucket.on_s3(settings, "nowhere").versions())


def test_a_store_that_is_down_is_named(settings, monkeypatch):
    monkeypatch.setattr("mnist.storage.clients.MAX_RETRIES", 0)
    down = Bucket.on_s3(changed(settings, AWS_ENDPOINT_URL="http://127.0.0.1:1"), "inbox")
    with pytest.raises(Unavailable, match="AWS_ENDPOINT_URL"):
        down.fetch("a")


def test_what_is_deleted_is_gone_and_deleting_it_again_is_no_error(bucket):
    for key in ("a/1.png", "a/2.png"):
        bucket.put(key, b"x")
    bucket.delete("a/1.png")
    bucket.delete("a/1.png")
    assert keys(bucket, "a/") == ["a/2.png"]
    assert not bucket.exists("a/1.png")
