"""The table of rights in docs/security.md is what a real store grants, cell by cell."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.identities import BUCKETS, IDENTITIES, SCORER, UPLOADER, VIEWER, Identity
from infra.store import Store, running_store
from mnist.errors import AccessDenied
from mnist.storage.audit import AuditLog
from mnist.storage.bucket import Bucket
from mnist.storage.clients import control_client
from mnist.storage.conditions import with_sure_writes
from mnist.storage.lease import Lease
from mnist.storage.results import Results

DOCUMENT = Path("docs/security.md").read_text()
TABLE = DOCUMENT.partition("<!-- rights -->")[2].partition("<!-- /rights -->")[0]
CELLS = [
    [cell.strip(" `") for cell in line.strip("|").split("|")]
    for line in TABLE.strip().splitlines()
    if not line.startswith("|--")
]
NAMES = CELLS[0][1:]
ROWS = {row[0]: dict(zip(NAMES, row[1:], strict=True)) for row in CELLS[1:]}

OPERATOR = "operator"


@pytest.fixture(scope="module")
def rights_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with every bucket, and an object wherever somebody might look for one."""
    with running_store(tmp_path_factory.mktemp("rights"), list(BUCKETS)) as running:
        client = control_client(running.settings())
        for place in _places():
            bucket, _, prefix = place.partition("/")
            client.put_object(Bucket=bucket, Key=f"{prefix}there", Body=b"kept")
        yield running


def _places() -> set[str]:
    return {what.split(" ", 1)[1].replace("`", "") for what in ROWS if "/" in what}


def _attempts(client: Any, what: str, key: str) -> Callable[[], Any]:
    verb, _, place = what.replace("`", "").partition(" ")
    bucket, _, prefix = place.partition("/")
    there = {"Bucket": bucket, "Key": f"{prefix}there"}
    return {
        "list": lambda: client.list_objects_v2(Bucket=bucket),
        "read": lambda: client.get_object(**there),
        "write": lambda: client.put_object(Bucket=bucket, Key=f"{prefix}{key}", Body=b""),
        "overwrite": lambda: client.put_object(**there, Body=b"kept"),
        "delete": lambda: client.delete_object(**there),
        "make": lambda: client.create_bucket(Bucket=f"of-{key}"),
        "change": lambda: client.put_bucket_acl(Bucket="inbox", ACL="private"),
    }[verb]


def _client(store: Store, name: str) -> Any:
    found = {identity.name: identity for identity in IDENTITIES}
    return control_client(store.settings(None if name == OPERATOR else found[name]))


def _is_allowed(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def test_the_table_has_a_column_for_everybody() -> None:
    assert {*NAMES} == {identity.name for identity in IDENTITIES} | {OPERATOR}
    assert len(ROWS) > 20


@pytest.mark.parametrize("name", NAMES)
def test_everybody_may_do_what_the_table_says_and_nothing_else(
    rights_store: Store, name: str
) -> None:
    client = _client(rights_store, name)
    # Deleting comes last: what is gone cannot be read by the next.
    rows = sorted(ROWS, key=lambda what: what.startswith("delete"))
    found = {what: _is_allowed(_attempts(client, what, name)) for what in rows}
    for place in _places():
        bucket, _, prefix = place.partition("/")
        control_client(rights_store.settings()).put_object(Bucket=bucket, Key=f"{prefix}there")
    assert found == {what: ROWS[what][name] == "yes" for what in rows}


def test_who_may_list_and_not_read_can_be_told_beside_an_empty_object(rights_store: Store) -> None:
    _bucket(rights_store, UPLOADER, "inbox").put("monday/_READY", b"")
    _bucket(rights_store, UPLOADER, "inbox").require_listing()
    with pytest.raises(AccessDenied, match="list in bucket 'results'"):
        _bucket(rights_store, UPLOADER, "results").require_listing()


def test_deleting_many_at_once_is_no_way_around(rights_store: Store) -> None:
    client = _client(rights_store, "scorer")
    wanted = {"Objects": [{"Key": "there"}]}
    answer = client.delete_objects(Bucket="inbox", Delete=wanted)
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert _client(rights_store, OPERATOR).head_object(Bucket="inbox", Key="there")


def test_copying_is_no_way_to_read(rights_store: Store) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(rights_store, "scorer").copy_object(
            Bucket="results", Key="scores/copy", CopySource="labels/sets/there"
        )


def test_the_stores_own_page_for_keys_is_closed(rights_store: Store) -> None:
    settings = rights_store.settings()
    iam = boto3.client(
        "iam",
        endpoint_url=rights_store.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=settings.s3_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
    )
    with pytest.raises(ResponseParserError, match="no element found"):  # an empty 405
        iam.create_user(UserName="intruder")


def _bucket(store: Store, identity: Identity, name: str) -> Bucket:
    return Bucket.on_s3(store.settings(identity), name)


def test_our_own_verbs_work_with_the_keys_of_those_who_use_them(rights_store: Store) -> None:
    """The client library asks for more than one would think, as for an object's head."""
    results = with_sure_writes(_bucket(rights_store, SCORER, "results"), allow_plain=False)
    with Lease(results, "monday", "run", seconds=30):
        assert results.create("scores/monday/a.parquet", b"rows")
    assert Results(_bucket(rights_store, VIEWER, "results")).part_keys("monday")
    line = AuditLog(_bucket(rights_store, VIEWER, "results")).record("Ada", "try", "it", "why")
    assert line in AuditLog(_bucket(rights_store, SCORER, "results")).last(10)
    _bucket(rights_store, UPLOADER, "inbox").put("monday/7.png", b"ink")


def test_a_refusal_says_what_to_look_at(rights_store: Store) -> None:
    with pytest.raises(AccessDenied, match=r"write 'x' in bucket 'inbox': check AWS_ACCESS_KEY_ID"):
        _bucket(rights_store, VIEWER, "inbox").put("x", b"")


def test_documented_policies_are_valid_iam_and_name_the_buckets_of_this_installation() -> None:
    policy = SCORER.policy({"inbox": "scans", "results": "answers", "labels": "said"})
    resources = [each for statement in policy["Statement"] for each in statement["Resource"]]
    assert all(re.match(r"arn:aws:s3:::(scans|answers|said)(/.*\*)?$", each) for each in resources)
