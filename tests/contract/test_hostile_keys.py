"""Whatever key the store accepts is listed, read and gets its row."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from mnist.digits import Outcome
from mnist.errors import AccessDenied
from mnist.storage.clients import control_client
from tests.factories import png

KEYS = [
    "b/with  two spaces .png",
    "b/ü é 数 ٣ 🙂.png",
    "b/100%25+&=?#'()[]{}~`|^<>.png",
    "b/dots/../up.png",
    "b/./here.png",
    "b/double//slash.png",
    "b/" + "long/" * 50 + "k.png",
    "b/" + "k" * 200 + ".png",
    ("b/" + "name-of-many-bytes/" * 60)[:1_020] + ".png",
    "b/new\nline\t.png",
    "/b/leading.png",
    "b/hey!.png",
    "b/not-a-folder.zip!inside.png",
]


@pytest.fixture
def scoring(services):
    return services.batch_scoring


def score(scoring, batch, run="run"):
    return scoring.run(batch, run).receipt


def listed_by_boto3(settings):
    pages = control_client(settings).get_paginator("list_objects_v2")
    found = [
        each["Key"]
        for page in pages.paginate(Bucket=settings.inbox_bucket)
        for each in page.get("Contents", [])
    ]
    return [key for key in found if not key.endswith("/")]


def test_every_key_that_the_store_takes_gets_its_row(settings, scoring, inbox, results):
    client = control_client(settings)
    for i, key in enumerate(KEYS):
        try:
            client.put_object(Bucket=settings.inbox_bucket, Key=key, Body=png(i % 10, mark=i))
        except (ClientError, ParamValidationError):
            continue  # this store refuses that key
    accepted = listed_by_boto3(settings)
    assert len(accepted) >= 8
    keys = []
    for number, batch in enumerate(inbox.batches()):
        receipt = score(scoring, batch, f"run-{number}")
        assert receipt.outcomes == {Outcome.SCORED: receipt.listing.count}
        keys += results.rows(batch)["key"].to_pylist()
    assert sorted(keys) == sorted(accepted)


def test_a_thousand_empty_objects_are_a_thousand_rows_and_few_requests(
    settings, scoring, inbox_bucket, results, monkeypatch
):
    client = control_client(settings)
    client.put_object(Bucket=settings.inbox_bucket, Key="b/sub/", Body=b"")
    client.put_object(Bucket=settings.inbox_bucket, Key="b/sub/one.png", Body=png(1))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: inbox_bucket.put(f"b/{i:04d}.png", b""), range(1_000)))

    asked = []
    real = inbox_bucket.exists
    monkeypatch.setattr(inbox_bucket, "exists", lambda key: (asked.append(key), real(key))[1])
    receipt = score(scoring, "b")
    assert asked == ["b/sub"]
    assert receipt.outcomes == {Outcome.SCORED: 1, Outcome.REJECTED: 1_000}
    assert receipt.verdict == "failed"
    assert receipt.reasons == {"empty": 1_000}


def test_one_denied_object_in_the_middle_costs_one_row(scoring, inbox_bucket, monkeypatch):
    for i in range(5):
        inbox_bucket.put(f"b/{i}.png", png(i))
    real = inbox_bucket.fetch_once

    def guarded(key, etag):
        if key == "b/2.png":
            raise AccessDenied("The store refused to read 'b/2.png'.")
        return real(key, etag)

    monkeypatch.setattr(inbox_bucket, "fetch_once", guarded)
    receipt = score(scoring, "b")
    assert receipt.reasons == {"unreadable": 1}
    assert receipt.outcomes == {Outcome.SCORED: 4, Outcome.REJECTED: 1}
