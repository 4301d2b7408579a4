"""The inbox: what people dropped. Read here, never written or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mnist.errors import InvalidBatch
from mnist.keys import (
    LOOSE,
    ObjectVersion,
    batch_of,
    check_batch_name,
    is_image_key,
    is_ready_marker,
)
from mnist.scoring.fetching import Fetched, fetch_each
from mnist.scoring.identities import Identities, IdentityLog
from mnist.storage.bucket import Bucket


class Inbox:
    """The bucket whose top folders are batches."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def batches(self) -> list[str]:
        """Name every batch that has something in it, in order."""
        folders, loose = self._bucket.folders()
        names = {folder or LOOSE for folder in folders}
        if any(is_image_key(version.key) for version in loose):
            names.add(LOOSE)
        return sorted(names)

    def versions(self, batch: str) -> Iterator[list[ObjectVersion]]:
        """Yield pages of the object versions of a batch that want an outcome."""
        check_batch_name(batch)
        for page in self._pages(batch):
            wanted = self._wanted(page, batch)
            if wanted:
                yield wanted

    def look(self, batch: str) -> tuple[Identities, bool]:
        """List a batch whole, and tell whether the folder holds its `_READY` marker."""
        listed = IdentityLog()
        is_ready = False
        for page in self._pages(check_batch_name(batch)):
            listed.extend(version.identity for version in self._wanted(page, batch))
            is_ready = is_ready or any(is_ready_marker(v.key, batch) for v in page)
        return listed.as_set(), is_ready

    def read(self, version: ObjectVersion) -> bytes:
        """Read exactly this object version.

        Raises:
            ObjectGone: If the object was deleted.
            ObjectChanged: If it was overwritten.
            AccessDenied: If the store refuses to hand it out.
            Unavailable: If the store does not answer.
        """
        return self._bucket.read(version.key, version.etag)

    def fetch(self, versions: Sequence[ObjectVersion]) -> Iterator[Fetched]:
        """Fetch object versions, one answer each in their order.

        Raises:
            Unavailable: If the store is down.
        """
        return fetch_each(versions, lambda v: self._bucket.read_once(v.key, v.etag))

    def unknown(self, batch: str) -> InvalidBatch:
        """Make the error for a batch without any image in it."""
        known = self.batches()
        shown = ", ".join(known[:10]) + (" …" if len(known) > 10 else "") if known else "none"
        return InvalidBatch(
            f"Bucket {self._bucket.name!r} holds no image of batch {batch!r}; "
            f"batches there: {shown}. Drop images under {batch + '/'!r} first."
        )

    def _wanted(self, page: Sequence[ObjectVersion], batch: str) -> list[ObjectVersion]:
        return [v for v in page if is_image_key(v.key) and batch_of(v.key) == batch]

    def _pages(self, batch: str) -> Iterator[list[ObjectVersion]]:
        if batch == LOOSE:
            folders, loose = self._bucket.folders()
            yield loose
            if "" in folders:
                yield from self._bucket.versions("/")
        yield from self._bucket.versions(f"{batch}/")
