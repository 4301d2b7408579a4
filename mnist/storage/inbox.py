"""The inbox: what people dropped. Read here, never written or deleted."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from mnist.digits import Outcome
from mnist.errors import InvalidBatch, ObjectChanged, ObjectGone, Unavailable
from mnist.ignored_files import Ignored, ignored_as
from mnist.images import Decoded, Limits, Rejection, decode
from mnist.keys import (
    LOOSE,
    ObjectVersion,
    batch_of,
    check_batch_name,
    is_archive_key,
    is_image_key,
)
from mnist.places import layout_place, member_place, page_place, picture_of
from mnist.scoring.identities import Identities
from mnist.scoring.pictures import Fetched
from mnist.scoring.sheet_layouts import for_sheets
from mnist.storage.batch_listing import BatchListing, PlaceIdentities, raw_pages
from mnist.storage.bucket import Bucket
from mnist.storage.fetching import fetch_each
from mnist.storage.layouts import InboxLayouts, StoredLayouts
from mnist.storage.pages import PageCounts, fetch_pages
from mnist.storage.sheets import CutPlace, Sheets
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
        layouts: The layouts that are kept; None takes no notice of layouts.
    """

    def __init__(
        self,
        bucket: Bucket,
        zip_limits: ZipLimits = _DEFAULT_ZIP_LIMITS,
        page_counts: PageCounts | None = None,
        limits: Limits = _DEFAULT_LIMITS,
        layouts: StoredLayouts | None = None,
    ) -> None:
        self._bucket = bucket
        self._zips = ZipFolders(bucket, zip_limits)
        self._page_counts = page_counts
        self._limits = limits
        self._layouts = None if layouts is None else InboxLayouts(bucket, limits)
        self._identities = PlaceIdentities()
        self._sheets = Sheets(self.fetch_many, layouts, limits)

    def batches(self) -> list[str]:
        """Name every batch that has something in it, in order."""
        folders, loose = self._bucket.folders()
        names = {folder or LOOSE for folder in folders if ignored_as(f"{folder}/") is None}
        if any(is_image_key(version.key) for version in loose):
            names.add(LOOSE)
        return sorted(names)

    def listing(self, batch: str) -> BatchListing:
        """List a batch once, by the layout that it has now.

        Raises:
            InvalidBatch: If the name cannot be a batch.
            Unavailable: If the store does not answer, or its layout is being overwritten.
        """
        check_batch_name(batch)
        counts = {} if self._page_counts is None else self._page_counts.of(batch)
        return BatchListing(batch, self._bucket, self._zips, counts, self._layouts)

    def versions(self, batch: str, ignored: Ignored | None = None) -> Iterator[list[ObjectVersion]]:
        """Yield pages of the object versions of a batch that want an outcome.

        Args:
            batch: Name of the batch.
            ignored: Takes up how many files were left out because computers add them.
        """
        yield from self.listing(batch).versions(Ignored() if ignored is None else ignored)

    def holds(self, batch: str) -> bool:
        """Tell whether a batch has anything that wants an outcome; opens no archive.

        Raises:
            InvalidBatch: If the name cannot be a batch.
        """
        pages = raw_pages(self._bucket, check_batch_name(batch))
        return any(is_image_key(v.key) and batch_of(v.key) == batch for page in pages for v in page)

    def look(self, batch: str) -> tuple[Identities, bool]:
        """List a batch whole, and tell whether the folder holds its `_READY` marker."""
        return self.listing(batch).identities(self._identities)

    def fetch(self, version: ObjectVersion) -> bytes:
        """Fetch exactly this object version; of what a layout cuts, a PNG of what was cut out.

        Raises:
            ObjectGone: If the object was deleted, or cannot be taken out of what it lies in.
            ObjectChanged: If it was overwritten.
            AccessDenied: If the store refuses to hand it out.
        """
        if "!" not in version.etag:
            return self._bucket.fetch(version.key, version.etag)
        if layout_place(version) is not None:
            return self.cut_out(version).png
        match next(self.fetch_many([version])).content:
            case bytes() as content:
                return content
            case Unavailable() as error:
                raise error
            case Outcome.SUPERSEDED:
                raise ObjectChanged(f"The file that held {version.key} was overwritten.")
            case why:
                raise ObjectGone(f"{version.key} cannot be fetched: {why}.")

    def decode(self, version: ObjectVersion) -> Decoded | Rejection:
        """Fetch and decode an object version, or cut it out, as scoring does; errors as `fetch`."""
        if layout_place(version) is not None:
            return self.cut_out(version).decoded
        return decode(self.fetch(version), self._limits)

    def cut_out(self, version: ObjectVersion) -> CutPlace:
        """Fetch a picture and cut out what a layout says; errors as in `fetch`."""
        return self._sheets.cut_out(version)

    def fetch_many(self, versions: Sequence[ObjectVersion]) -> Iterator[Fetched]:
        """Fetch object versions, one answer each in their order; a file once for all its pages.

        Of what a layout cuts out of a picture, the answer is the whole picture.
        """
        for (file, archive, is_sheet), together in groupby(versions, _opened_for):
            group = [picture_of(version) for version in together]
            limits = for_sheets(self._limits) if is_sheet else self._limits
            if file:
                pages = [page for version in group if (page := page_place(version)) is not None]
                numbers = [page.number for page in pages]
                yield from fetch_pages(next(self.fetch_many([file])), numbers, limits)
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


def _opened_for(
    version: ObjectVersion,
) -> tuple[ObjectVersion | None, ObjectVersion | None, bool]:
    """Name the file of pages, or the zip archive, that has to be opened for an object version.

    The third answer is whether a layout cuts it, so that more of its pixels are needed.
    """
    picture = picture_of(version)
    is_sheet = picture is not version
    page = page_place(picture)
    if page is not None:
        return page.file, None, is_sheet
    member = member_place(picture)
    if member is not None:
        return None, member.archive, is_sheet
    return None, picture if is_archive_key(picture.key) else None, is_sheet
