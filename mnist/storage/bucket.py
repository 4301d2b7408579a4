"""One bucket behind a few verbs. Vendor names and vendor errors stop in this package.

obstore (Rust) carries the data and lists five to six times as fast as boto3, which serves the keys
that obstore refuses (`refused_keys`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile
from typing import IO, Any

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PreconditionError,
)
from obstore.store import MemoryStore

from mnist.errors import ObjectChanged, ObjectGone, Unavailable
from mnist.keys import ObjectVersion
from mnist.settings import Settings
from mnist.storage import clients
from mnist.storage.refused_keys import RefusedKeys, is_refused
from mnist.storage.store_errors import code_of, is_unreadable_metadata, store_error
from mnist.storage.user_metadata import StoredObject, of_answer

_PAGE = 1_000
_PIECES_AT_ONCE = 2
_EMPTY_ONE_BY_ONE = 8


class Bucket:
    """A bucket of an S3 store, or one in memory with the same behaviour."""

    def __init__(
        self, name: str, data: Any, refused_keys: RefusedKeys | None, impatient: Any | None = None
    ) -> None:
        self.name = name
        self._data = data
        self._refused_keys = refused_keys
        self._impatient = impatient or data
        self._conditional = True

    @classmethod
    def on_s3(cls, settings: Settings, name: str) -> Bucket:
        """Open a bucket of the store that the settings describe; nothing is sent yet."""
        of_store = clients.StoreClients(settings)
        return cls(
            name,
            of_store.data(name, retries=clients.MAX_RETRIES),
            RefusedKeys(of_store.control, name),
            of_store.data(name, retries=0),
        )

    @classmethod
    def in_memory(cls, name: str = "memory") -> Bucket:
        """Make an empty bucket that lives in this process, for tests of pure logic."""
        return cls(name, MemoryStore(), None)

    def without_conditions(self) -> Bucket:
        """Open the same bucket for a store that ignores conditions: looks first, then writes.

        Between the look and the write somebody else may write; see `storage.conditions`.
        """
        plain = Bucket(self.name, self._data, self._refused_keys, self._impatient)
        plain._conditional = False
        return plain

    def versions(self, prefix: str = "") -> Iterator[list[ObjectVersion]]:
        """Yield pages of object versions in the order of their keys, folder markers left out."""
        if is_refused(prefix.removesuffix("/")):
            yield from self._slow().versions(prefix, after="")
            return
        last = ""
        with self._our_errors(f"list {prefix!r}"):
            try:
                for page in self._data.list(prefix.removesuffix("/") or None, chunk_size=_PAGE):
                    versions = [_version(meta) for meta in page]
                    within = [version for version in versions if version.key.startswith(prefix)]
                    yield self._without_markers(within, prefix, after=last)
                    last = versions[-1].key
            except InvalidPathError:
                yield from self._slow().versions(prefix, after=last)

    def require_listing(self) -> None:
        """Ask for one key, to learn whether these credentials may list the bucket."""
        with self._our_errors("list"):
            next(iter(self._data.list(chunk_size=1)), None)

    def key_after(self, prefix: str, key: str) -> str | None:
        """Name the first object in a folder whose key comes after another; None if there is none.

        Args:
            prefix: The folder, with its slash.
            key: Need not be there.
        """
        with self._our_errors(f"list {prefix!r}"):
            listing = self._data.list(prefix.removesuffix("/"), offset=key, chunk_size=1)
            return next((str(meta["path"]) for page in listing for meta in page), None)

    def folders(self, prefix: str = "") -> tuple[list[str], list[ObjectVersion]]:
        """List the top of the bucket, or of a folder: its folders, and the objects in none."""
        with self._our_errors("list the top folders"):
            try:
                top = self._data.list_with_delimiter(prefix.removesuffix("/") or None)
            except InvalidPathError:
                return self._slow().folders(prefix)
        loose = [_version(meta) for meta in top["objects"]]
        return list(top["common_prefixes"]), self._without_markers(loose, "", after="")

    def written(self, prefix: str) -> dict[str, datetime]:
        """Say of the first thousand objects below a prefix when each was written: key -> time."""
        with self._our_errors(f"list {prefix!r}"):
            try:
                listing = iter(self._data.list(prefix.removesuffix("/"), chunk_size=_PAGE))
                return {meta["path"]: meta["last_modified"] for meta in next(listing, ())}
            except InvalidPathError:  # an oddly named file; whoever scores it says so
                return {}

    def fetch(self, key: str, etag: str | None = None) -> bytes:
        """Fetch an object whole, on condition that it still has the given etag.

        Raises:
            ObjectGone: If there is no such object.
            ObjectChanged: If its etag is another one by now.
        """
        return self._get(self._data, key, etag).content

    def fetch_object(self, key: str) -> StoredObject:
        """Fetch an object with its user metadata; errors as in `fetch`."""
        return self._get(self._data, key, None)

    def fetch_once(self, key: str, etag: str) -> StoredObject:
        """Do what `fetch` does, but leave it to the caller to try again."""
        return self._get(self._impatient, key, etag)

    def fetch_range(self, key: str, etag: str, start: int, end: int) -> StoredObject:
        """Fetch the bytes from `start` up to `end`; conditions and errors as in `fetch_once`."""
        return self._get(self._impatient, key, etag, (start, end))

    def _get(
        self, store: Any, key: str, etag: str | None, span: tuple[int, int] | None = None
    ) -> StoredObject:
        if is_refused(key):
            return StoredObject(*self._slow().fetch(key, etag, span))
        options: dict[str, Any] = {"if_match": f'"{etag}"'} if etag is not None else {}
        options |= {"range": span} if span else {}
        with self._our_errors(f"fetch {key!r}", key):
            try:
                answer = store.get(key, options=options)
            except BaseError as error:
                if not is_unreadable_metadata(error):
                    raise
                return StoredObject(*self._slow().fetch(key, etag, span))
            if etag is not None and _etag(answer.meta) != etag:  # a store that ignores conditions
                raise ObjectChanged(f"{self.name}/{key} was overwritten.")
            return StoredObject(bytes(answer.bytes()), of_answer(answer))

    def fetch_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Fetch an object together with its etag, or None if there is no such object."""
        try:
            with self._our_errors(f"fetch {key!r}", key):
                answer = self._data.get(key)
                return bytes(answer.bytes()), str(answer.meta["e_tag"])
        except ObjectGone:
            return None

    def exists(self, key: str) -> bool:
        """Tell whether an object with exactly this key exists."""
        return self.version(key) is not None

    def version(self, key: str) -> ObjectVersion | None:
        """Look up the object version of a key, or None if there is no such object."""
        if is_refused(key):
            pages = self._slow().versions(key, after="")
            return next((v for page in pages for v in page if v.key == key), None)
        try:
            with self._our_errors(f"look at {key!r}", key):
                return _version(self._data.head(key))
        except ObjectGone:
            return None

    def metadata(self, key: str) -> Mapping[str, str] | None:
        """Return the user metadata of an object, or None if there is no such object."""
        try:
            with self._our_errors(f"look at {key!r}", key):
                return of_answer(self._data.get(key, options={"head": True}))
        except ObjectGone:
            return None

    def create(self, key: str, content: bytes) -> str | None:
        """Write an object if there is none of that key; return its etag, or None if there is.

        Of many who try at once exactly one gets an etag.
        """
        with self._our_errors(f"create {key!r}"):
            try:
                if not self._conditional:
                    return None if self.exists(key) else str(self._data.put(key, content)["e_tag"])
                return str(self._data.put(key, content, mode="create")["e_tag"])
            except AlreadyExistsError:
                return None

    def replace(self, key: str, content: bytes, etag: str) -> str | None:
        """Overwrite an object if it still has that etag; return the new one, or None if not."""
        try:
            with self._our_errors(f"replace {key!r}", key):
                if not self._conditional:
                    unchanged = self._data.head(key)["e_tag"] == etag
                    return str(self._data.put(key, content)["e_tag"]) if unchanged else None
                return str(self._data.put(key, content, mode={"e_tag": etag})["e_tag"])
        except (ObjectChanged, ObjectGone):
            return None

    def put(self, key: str, content: bytes) -> None:
        """Write an object whatever was there before."""
        with self._our_errors(f"write {key!r}"):
            self._data.put(key, content)

    def upload(
        self, key: str, file: IO[bytes], content_type: str, metadata: Mapping[str, str]
    ) -> None:
        """Write a file of any size, in pieces, from where it stands; metadata are ASCII."""
        with self._our_errors(f"write {key!r}"):
            attributes = {"Content-Type": content_type, **metadata}
            self._data.put(key, file, attributes=attributes, max_concurrency=_PIECES_AT_ONCE)

    def delete(self, key: str) -> None:
        """Take an object away; one that is not there is no error."""
        with self._our_errors(f"delete {key!r}"):
            self._data.delete(key)

    @contextmanager
    def _our_errors(self, attempt: str, key: str = "") -> Iterator[None]:
        """Turn vendor errors into ours; with a key, a missing object is ObjectGone."""
        try:
            yield
        except PreconditionError as error:
            raise ObjectChanged(f"{self.name}/{key} was overwritten.") from error
        except (BaseError, FileNotFoundError) as error:
            is_missing = isinstance(error, FileNotFoundError)
            if key and is_missing and code_of(error, key)[1] != "NoSuchBucket":
                raise ObjectGone(f"{self.name}/{key} does not exist (any more).") from error
            raise store_error(error, attempt, self.name, key) from error

    def _without_markers(
        self, versions: list[ObjectVersion], prefix: str, after: str
    ) -> list[ObjectVersion]:
        """Tell empty objects from folder markers, which obstore lists without their slash."""
        empty = [version.key for version in versions if not version.size]
        if len(empty) <= _EMPTY_ONE_BY_ONE or self._refused_keys is None:
            real = {key for key in empty if self.exists(key)}
        else:
            pages = self._refused_keys.versions(prefix, after)
            listed = (version.key for page in pages for version in page)
            real = set(takewhile(lambda key: key <= versions[-1].key, listed))
        return [version for version in versions if version.size or version.key in real]

    def _slow(self) -> RefusedKeys:
        if self._refused_keys is None:
            raise Unavailable(f"Bucket {self.name} lives in memory and takes plain keys only.")
        return self._refused_keys


def _version(meta: Any) -> ObjectVersion:
    return ObjectVersion(meta["path"], _etag(meta), meta["size"])


def _etag(meta: Any) -> str:
    return (meta["e_tag"] or "").strip('"')
