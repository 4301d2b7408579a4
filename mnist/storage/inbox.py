"""The inbox: what people dropped. Read here, never written or deleted."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from mnist.digits import Outcome
from mnist.errors import InvalidBatch, ObjectChanged, ObjectGone, Unavailable
from mnist.ignored_files import Ignored, ignored_as
from mnist.images import Limits
from mnist.keys import (
    LOOSE,
    ObjectVersion,
    batch_of,
    check_batch_name,
    is_archive_key,
    is_image_key,
    is_marker_key,
    is_ready_marker,
    member_place,
    page_place,
)
from mnist.scoring.identities import Identities, IdentityLog
from mnist.scoring.minibatches import Fetched
from mnist.storage.bucket import Bucket
from mnist.storage.fetching import fetch_each
from mnist.storage.pages import PageCounts, fetch_pages, with_pages
from mnist.storage.zip_directory import ZipLimits
from mnist.storage.zip_folders import ZipFolders

_DEFAULT_ZIP_LIMITS = ZipLimits()
_DEFAULT_LIMITS = Limits()


class Inbox:
    """The bucket whose top folders are batches.

    Args:
        bucket: Where people drop images.
        zip_limits: What a zip archive may cost.
        page_counts: Which files were found to have several pages; None takes every file for one.
        limits: What a file with several pages may cost.
    """

    def __init__(
        self,
        bucket: Bucket,
        zip_limits: ZipLimits = _DEFAULT_ZIP_LIMITS,
        page_counts: PageCounts | None = None,
        limits: Limits = _DEFAULT_LIMITS,
    ) -> None:
        self._bucket = bucket
        self._zips = ZipFolders(bucket, zip_limits)
        self._page_counts = page_counts
        self._limits = limits

    def batches(self) -> list[str]:
        """Name every batch that has something in it, in order."""
        folders, loose = self._bucket.folders()
        names = {folder or LOOSE for folder in folders if ignored_as(f"{folder}/") is None}
        if any(is_image_key(version.key) for version in loose):
            names.add(LOOSE)
        return sorted(names)

    def versions(self, batch: str, ignored: Ignored | None = None) -> Iterator[list[ObjectVersion]]:
        """Yield pages of the object versions of a batch that want an outcome.

        Args:
            batch: Name of the batch.
            ignored: Takes up how many files were left out because computers add them.
        """
        check_batch_name(batch)
        left_out = Ignored() if ignored is None else ignored
        counts = self._counts(batch)
        for page in self._pages(batch):
            versions = self._images(page, batch, left_out, counts)
            if versions:
                yield versions

    def holds(self, batch: str) -> bool:
        """Tell whether a batch has anything that wants an outcome; opens no archive.

        Raises:
            InvalidBatch: If the name cannot be a batch.
        """
        pages = self._pages(check_batch_name(batch))
        return any(is_image_key(v.key) and batch_of(v.key) == batch for page in pages for v in page)

    def look(self, batch: str) -> tuple[Identities, bool]:
        """List a batch whole, and tell whether the folder holds its `_READY` marker."""
        listed = IdentityLog()
        is_ready = False
        counts = self._counts(check_batch_name(batch))
        for page in self._pages(batch):
            if counts:
                images = self._images(page, batch, Ignored(), counts)
                listed.extend(version.identity for version in images)
            else:  # the identities of an archive's members are remembered longer than these
                listed.extend(
                    self._zips.identities(version) if _is_archive(version) else version.identity
                    for version in _without_markers(page, batch, Ignored())
                )
            is_ready = is_ready or any(is_ready_marker(v.key, batch) for v in page)
        return listed.as_set(), is_ready

    def fetch(self, version: ObjectVersion) -> bytes:
        """Fetch exactly this object version.

        Raises:
            ObjectGone: If the object was deleted, or cannot be taken out of what it lies in.
            ObjectChanged: If it was overwritten.
            AccessDenied: If the store refuses to hand it out.
        """
        if "!" not in version.etag:
            return self._bucket.fetch(version.key, version.etag)
        match next(self.fetch_many([version])).content:
            case bytes() as content:
                return content
            case Unavailable() as error:
                raise error
            case Outcome.SUPERSEDED:
                raise ObjectChanged(f"The file that held {version.key} was overwritten.")
            case why:
                raise ObjectGone(f"{version.key} cannot be fetched: {why}.")

    def fetch_many(self, versions: Sequence[ObjectVersion]) -> Iterator[Fetched]:
        """Fetch object versions, one answer each in their order; a file once for all its pages."""
        for (file, archive), together in groupby(versions, _opened_for):
            group = list(together)
            if file:
                pages = [page for version in group if (page := page_place(version)) is not None]
                numbers = [page.number for page in pages]
                yield from fetch_pages(next(self.fetch_many([file])), numbers, self._limits)
            elif members := [m for version in group if (m := member_place(version)) is not None]:
                yield from self._zips.fetch_members(members)
            elif archive:
                yield from map(self._zips.fetch_archive, group)
            else:
                yield from fetch_each(group, lambda v: self._bucket.fetch_once(v.key, v.etag))

    def unknown(self, batch: str) -> InvalidBatch:
        """Make the error for a batch without any image in it."""
        batches = self.batches()
        names = ", ".join(batches[:10]) + (" …" if len(batches) > 10 else "") or "none"
        return InvalidBatch(
            f"Bucket {self._bucket.name!r} holds no image of batch {batch!r}; "
            f"batches there: {names}. Drop images under {batch + '/'!r} first."
        )

    def _counts(self, batch: str) -> dict[bytes, int]:
        return {} if self._page_counts is None else self._page_counts.of(batch)

    def _images(
        self,
        page: Sequence[ObjectVersion],
        batch: str,
        ignored: Ignored,
        counts: Mapping[bytes, int],
    ) -> list[ObjectVersion]:
        """Keep what wants an outcome; what an archive or a file of pages holds takes its place."""
        images: list[ObjectVersion] = []
        for version in _without_markers(page, batch, ignored):
            if _is_archive(version):
                images += self._zips.members(version, ignored)
            else:
                images.append(version)
        return list(with_pages(images, counts)) if counts else images

    def _pages(self, batch: str) -> Iterator[list[ObjectVersion]]:
        if batch == LOOSE:
            folders, loose = self._bucket.folders()
            yield loose
            if "" in folders:
                yield from self._bucket.versions("/")
        yield from self._bucket.versions(f"{batch}/")


def _without_markers(
    page: Sequence[ObjectVersion], batch: str, ignored: Ignored
) -> Iterator[ObjectVersion]:
    """Yield the objects of a batch that are neither markers nor files to be ignored."""
    for version in page:
        if is_marker_key(version.key) or batch_of(version.key) != batch:
            continue
        if (kind := ignored_as(version.key)) is not None:
            ignored[kind] += 1
        else:
            yield version


def _is_archive(version: ObjectVersion) -> bool:
    return is_archive_key(version.key) and version.size > 0


def _opened_for(version: ObjectVersion) -> tuple[ObjectVersion | None, ObjectVersion | None]:
    """Name the file of pages, or the zip archive, that has to be opened for an object version."""
    page = page_place(version)
    if page is not None:
        return page.file, None
    member = member_place(version)
    if member is not None:
        return None, member.archive
    return None, version if is_archive_key(version.key) else None
