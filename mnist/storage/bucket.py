"""One bucket behind a few verbs. Vendor names and vendor errors stop in this file.

obstore (Rust) carries the data and lists five to six times as fast as boto3. It refuses
keys that S3 allows (control characters, empty or dotted segments) and then fails a whole listing,
so those keys take boto3's slower way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import MemoryStore, S3Store

from mnist.errors import AccessDenied, InvalidSettings, ObjectChanged, ObjectGone, Unavailable
from mnist.keys import ObjectVersion
from mnist.settings import Settings

if TYPE_CHECKING:
    from obstore.store import RetryConfig

_ODD_KEY = re.compile(r"^/|/$|//|(^|/)\.\.?(/|$)|[\x00-\x1f\x7f]")
_PAGE = 1_000
_EMPTY_ONE_BY_ONE = 8

MAX_RETRIES = 5
"""Attempts after the first before the store counts as unavailable; back-off is jittered."""


class Bucket:
    """A bucket of an S3 store, or one in memory with the same behaviour.

    Every verb raises AccessDenied on refused credentials and Unavailable when the store does not
    answer after its own retries (5, with jittered back-off).
    """

    def __init__(
        self, name: str, data: Any, control: Any | None, impatient: Any | None = None
    ) -> None:
        self.name = name
        self._data = data
        self._control = control
        self._impatient = impatient or data
        self._conditional = True

    @classmethod
    def on_s3(cls, settings: Settings, name: str) -> Bucket:
        """Open a bucket of the store that the settings describe; nothing is sent yet."""
        secret = settings.s3_secret_access_key.get_secret_value()
        access = settings.s3_access_key_id.get_secret_value()
        data, impatient = (
            S3Store(
                name,
                access_key_id=access,
                secret_access_key=secret,
                region=settings.s3_region,
                client_options={"allow_http": True, "timeout": "30s", "connect_timeout": "3s"},
                retry_config=_retries(attempts),
                endpoint=settings.s3_endpoint_url,
            )
            for attempts in (MAX_RETRIES, 0)
        )
        return cls(name, data, control_client(settings), impatient)

    @classmethod
    def in_memory(cls, name: str = "memory") -> Bucket:
        """Make an empty bucket that lives in this process, for tests of pure logic."""
        return cls(name, MemoryStore(), None)

    def without_conditions(self) -> Bucket:
        """Open the same bucket for a store that ignores conditions: looks first, then writes.

        Between the look and the write somebody else may write; see `storage.conditions`.
        """
        plain = Bucket(self.name, self._data, self._control, self._impatient)
        plain._conditional = False
        return plain

    def versions(self, prefix: str = "") -> Iterator[list[ObjectVersion]]:
        """Yield pages of object versions in the order of their keys, folder markers left out."""
        if _ODD_KEY.search(prefix.removesuffix("/")):
            yield from self._list_odd(prefix, after="")
            return
        last = ""
        try:
            for page in self._data.list(prefix.removesuffix("/") or None, chunk_size=_PAGE):
                versions = [_version(meta) for meta in page]
                wanted = [version for version in versions if version.key.startswith(prefix)]
                yield self._without_markers(wanted, prefix, after=last)
                last = versions[-1].key
        except InvalidPathError:
            yield from self._list_odd(prefix, after=last)
        except BaseError as error:
            raise self._explained(error, f"list {prefix!r}") from error

    def folders(self) -> tuple[list[str], list[ObjectVersion]]:
        """List the top of the bucket: its folders, and the objects outside any folder."""
        try:
            top = self._data.list_with_delimiter()
        except InvalidPathError:
            return self._odd_folders()
        except BaseError as error:
            raise self._explained(error, "list the top folders") from error
        loose = [_version(meta) for meta in top["objects"]]
        return list(top["common_prefixes"]), self._without_markers(loose, "", after="")

    def read(self, key: str, etag: str | None = None) -> bytes:
        """Read an object whole, on condition that it still has the given etag.

        Raises:
            ObjectGone: If there is no such object.
            ObjectChanged: If its etag is another one by now.
        """
        return self._read(self._data, key, etag)

    def read_once(self, key: str, etag: str) -> bytes:
        """Do what `read` does, but leave it to the caller to try again."""
        return self._read(self._impatient, key, etag)

    def read_range(self, key: str, etag: str, start: int, end: int) -> bytes:
        """Read the bytes from `start` up to `end`; conditions and errors as in `read_once`."""
        if _ODD_KEY.search(key):
            return self._read_odd(key, etag, f"bytes={start}-{end - 1}")
        return self._get(self._impatient, key, {"if_match": f'"{etag}"', "range": (start, end)})

    def _read(self, store: Any, key: str, etag: str | None) -> bytes:
        if _ODD_KEY.search(key):
            return self._read_odd(key, etag)
        return self._get(store, key, {} if etag is None else {"if_match": f'"{etag}"'})

    def _get(self, store: Any, key: str, options: dict[str, Any]) -> bytes:
        try:
            return bytes(store.get(key, options=options).bytes())
        except FileNotFoundError as error:
            raise ObjectGone(f"{self.name}/{key} does not exist (any more).") from error
        except PreconditionError as error:
            raise ObjectChanged(f"{self.name}/{key} was overwritten.") from error
        except BaseError as error:
            raise self._explained(error, f"read {key!r}") from error

    def read_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Read an object together with its etag, or None if there is no such object."""
        try:
            answer = self._data.get(key)
            return bytes(answer.bytes()), str(answer.meta["e_tag"])
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise self._explained(error, f"read {key!r}") from error

    def exists(self, key: str) -> bool:
        """Tell whether an object with exactly this key exists."""
        try:
            self._data.head(key)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise self._explained(error, f"look at {key!r}") from error
        return True

    def create(self, key: str, content: bytes) -> str | None:
        """Write an object if there is none of that key; return its etag, or None if there is.

        Of many who try at once exactly one gets an etag.
        """
        try:
            if not self._conditional:
                return None if self.exists(key) else str(self._data.put(key, content)["e_tag"])
            return str(self._data.put(key, content, mode="create")["e_tag"])
        except AlreadyExistsError:
            return None
        except BaseError as error:
            raise self._explained(error, f"create {key!r}") from error

    def replace(self, key: str, content: bytes, etag: str) -> str | None:
        """Overwrite an object if it still has that etag; return the new one, or None if not."""
        try:
            if not self._conditional:
                unchanged = self._data.head(key)["e_tag"] == etag
                return str(self._data.put(key, content)["e_tag"]) if unchanged else None
            return str(self._data.put(key, content, mode={"e_tag": etag})["e_tag"])
        except (PreconditionError, FileNotFoundError):
            return None
        except BaseError as error:
            raise self._explained(error, f"replace {key!r}") from error

    def drop(self, key: str, content: bytes) -> None:
        """Write an object whatever was there before, as people do who fill an inbox."""
        try:
            self._data.put(key, content)
        except BaseError as error:
            raise self._explained(error, f"write {key!r}") from error

    def _without_markers(
        self, versions: list[ObjectVersion], prefix: str, after: str
    ) -> list[ObjectVersion]:
        """Tell empty objects from folder markers, which obstore lists without their slash."""
        empty = [version.key for version in versions if not version.size]
        if len(empty) <= _EMPTY_ONE_BY_ONE or self._control is None:
            real = {key for key in empty if self.exists(key)}
        else:
            pages = self._list_odd(prefix, after)
            listed = (version.key for page in pages for version in page)
            real = set(takewhile(lambda key: key <= versions[-1].key, listed))
        return [version for version in versions if version.size or version.key in real]

    def _list_odd(self, prefix: str, after: str) -> Iterator[list[ObjectVersion]]:
        try:
            paginator = self._odd_client().get_paginator("list_objects_v2")
            for page in paginator.paginate(Bucket=self.name, Prefix=prefix, StartAfter=after):
                yield [
                    ObjectVersion(found["Key"], found["ETag"].strip('"'), found["Size"])
                    for found in page.get("Contents", [])
                    if not found["Key"].endswith("/")
                ]
        except (ClientError, BotoCoreError) as error:
            raise self._explained(error, f"list {prefix!r}") from error

    def _odd_folders(self) -> tuple[list[str], list[ObjectVersion]]:
        folders: list[str] = []
        loose: list[ObjectVersion] = []
        try:
            paginator = self._odd_client().get_paginator("list_objects_v2")
            for page in paginator.paginate(Bucket=self.name, Delimiter="/"):
                folders += [found["Prefix"][:-1] for found in page.get("CommonPrefixes", [])]
                loose += [
                    ObjectVersion(found["Key"], found["ETag"].strip('"'), found["Size"])
                    for found in page.get("Contents", [])
                ]
        except (ClientError, BotoCoreError) as error:
            raise self._explained(error, "list the top folders") from error
        return folders, loose

    def _read_odd(self, key: str, etag: str | None, wanted: str | None = None) -> bytes:
        condition = ({"IfMatch": f'"{etag}"'} if etag else {}) | (
            {"Range": wanted} if wanted else {}
        )
        try:
            answer = self._odd_client().get_object(Bucket=self.name, Key=key, **condition)
            content: bytes = answer["Body"].read()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in {"NoSuchKey", "404"}:
                raise ObjectGone(f"{self.name}/{key!r} does not exist (any more).") from error
            if code in {"PreconditionFailed", "412"}:
                raise ObjectChanged(f"{self.name}/{key!r} no longer has etag {etag}.") from error
            raise self._explained(error, f"read {key!r}") from error
        except BotoCoreError as error:
            raise self._explained(error, f"read {key!r}") from error
        return content

    def _odd_client(self) -> Any:
        if self._control is None:
            raise Unavailable(f"Bucket {self.name} lives in memory and takes plain keys only.")
        return self._control

    def _explained(
        self, error: Exception, attempt: str
    ) -> AccessDenied | InvalidSettings | Unavailable:
        text = str(error)
        if "NoSuchBucket" in text:
            return InvalidSettings(
                f"Bucket {self.name!r} does not exist; create it or correct the setting."
            )
        refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
        if refused or " 403 " in text or "(403)" in text or "AccessDenied" in text:
            return AccessDenied(
                f"The store refused to {attempt} in bucket {self.name!r}: check "
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what that key may do."
            )
        first_line = text.splitlines()[0][:300] if text else type(error).__name__
        return Unavailable(
            f"The store did not {attempt} in bucket {self.name!r} ({first_line}); "
            "check AWS_ENDPOINT_URL and that the store is up, then run again."
        )


def control_client(settings: Settings) -> Any:
    """Make a boto3 client for buckets, policies and odd keys."""
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        aws_access_key_id=settings.s3_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        region_name=settings.s3_region,
        config=Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3),
    )


def _retries(attempts: int) -> RetryConfig:
    return {
        "max_retries": attempts,
        "retry_timeout": timedelta(seconds=20),
        "backoff": {
            "init_backoff": timedelta(seconds=0.1),
            "max_backoff": timedelta(seconds=5),
            "base": 2,
        },
    }


def _version(meta: Any) -> ObjectVersion:
    return ObjectVersion(meta["path"], (meta["e_tag"] or "").strip('"'), meta["size"])
