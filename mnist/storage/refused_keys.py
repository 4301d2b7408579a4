"""Keys that S3 allows and obstore refuses, by boto3's slower way.

Control characters, empty segments, `.` and `..`: one of them fails a whole listing of obstore's.
Objects whose user metadata are not ASCII, which obstore does not hand out, come this way too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mnist.errors import ObjectChanged, ObjectGone
from mnist.keys import ObjectVersion
from mnist.storage.store_errors import code_of, store_error

_REFUSED = re.compile(r"^/|/$|//|(^|/)\.\.?(/|$)|[\x00-\x1f\x7f]")


def is_refused(key: str) -> bool:
    """Tell whether a key, or a prefix without its last slash, is one that obstore refuses."""
    return _REFUSED.search(key) is not None


class RefusedKeys:
    """One bucket through boto3. Errors are those of `mnist.storage.bucket.Bucket`.

    Args:
        client: From `clients.control_client`.
        bucket: Name of the bucket.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def versions(self, prefix: str, after: str) -> Iterator[list[ObjectVersion]]:
        """Yield pages of object versions after a key, folder markers left out."""
        for page in self._pages(f"list {prefix!r}", Prefix=prefix, StartAfter=after):
            versions = map(_version, page.get("Contents", []))
            yield [version for version in versions if not version.key.endswith("/")]

    def folders(self, prefix: str = "") -> tuple[list[str], list[ObjectVersion]]:
        """List the top of the bucket, or of a folder: its folders, and the objects in none."""
        folders: list[str] = []
        loose: list[ObjectVersion] = []
        for page in self._pages("list the top folders", Prefix=prefix, Delimiter="/"):
            folders += [folder["Prefix"][:-1] for folder in page.get("CommonPrefixes", [])]
            loose += map(_version, page.get("Contents", []))
        return folders, loose

    def fetch(
        self, key: str, etag: str | None, span: tuple[int, int] | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Fetch an object or a part of it, on condition that it still has the given etag.

        Returns:
            The bytes, and the user metadata of the object.
        """
        condition = {"IfMatch": f'"{etag}"'} if etag else {}
        part = {"Range": f"bytes={span[0]}-{span[1] - 1}"} if span else {}
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **condition, **part)
            content: bytes = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            status, code = code_of(error)
            if status == 404 and code != "NoSuchBucket":
                raise ObjectGone(f"{self._bucket}/{key!r} does not exist (any more).") from error
            if status == 412:
                raise ObjectChanged(f"{self._bucket}/{key!r} no longer has etag {etag}.") from error
            raise store_error(error, f"fetch {key!r}", self._bucket, key) from error
        if etag and answer["ETag"].strip('"') != etag:  # a store that ignores conditions
            raise ObjectChanged(f"{self._bucket}/{key!r} no longer has etag {etag}.")
        return content, dict(answer["Metadata"])

    def _pages(self, attempt: str, **query: str) -> Iterator[Mapping[str, Any]]:
        paginator = self._client.get_paginator("list_objects_v2")
        try:
            yield from paginator.paginate(Bucket=self._bucket, **query)
        except (ClientError, BotoCoreError) as error:
            raise store_error(error, attempt, self._bucket) from error


def _version(record: Mapping[str, Any]) -> ObjectVersion:
    return ObjectVersion(record["Key"], record["ETag"].strip('"'), record["Size"])
