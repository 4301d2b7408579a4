"""One listing of a batch: what wants an outcome, and by which layout its pictures are cut."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from threading import Lock

from cachetools import LRUCache

from mnist.ignored_files import Ignored, ignored_as
from mnist.keys import (
    LOOSE,
    ObjectVersion,
    batch_of,
    is_archive_key,
    is_marker_key,
    is_ready_marker,
    layout_key,
)
from mnist.scoring.identities import Identities, IdentityLog
from mnist.scoring.sheet_layouts import SheetLayout
from mnist.storage.bucket import Bucket
from mnist.storage.layouts import InboxLayouts
from mnist.storage.pages import with_pages
from mnist.storage.zip_folders import ZipFolders

_MOST_AT_ONCE = 10_000
_REMEMBERED_IDENTITY_BYTES = 64_000_000


class PlaceIdentities:
    """The identities of the places of pictures, remembered for the next look at their batch."""

    def __init__(self) -> None:
        self._joined: LRUCache[tuple[ObjectVersion, str], bytes] = LRUCache(
            _REMEMBERED_IDENTITY_BYTES, getsizeof=len
        )
        self._lock = Lock()

    def of(self, picture: ObjectVersion, layout: SheetLayout) -> bytes:
        """Join the identities of the places of a picture, 16 bytes each."""
        with self._lock:
            remembered = self._joined.get((picture, layout.digest))
        if remembered is not None:
            return remembered
        joined = b"".join(place.identity for place in layout.places(picture))
        with self._lock:
            self._joined[picture, layout.digest] = joined
        return joined


class BatchListing:
    """What lies in a batch, listed once.

    Args:
        batch: Name of the batch.
        bucket: The inbox.
        zips: Opens its archives.
        counts: Files with several pages, by identity, and how many.
        layouts: Reads its layout; None takes no notice of any.

    Attributes:
        layout: By what its pictures are cut; None where each is one digit.
    """

    def __init__(
        self,
        batch: str,
        bucket: Bucket,
        zips: ZipFolders,
        counts: Mapping[bytes, int],
        layouts: InboxLayouts | None,
    ) -> None:
        self._batch = batch
        self._zips = zips
        self._counts = counts
        self._template = ""
        self.layout: SheetLayout | None = None
        self._pages: Iterator[list[ObjectVersion]] = raw_pages(bucket, batch)
        file = None if layouts is None else self._layout_file(bucket)
        if layouts is not None and file is not None:
            self.layout, self._template = layouts.read(batch, file)

    def versions(self, ignored: Ignored) -> Iterator[list[ObjectVersion]]:
        """Yield pages of the object versions that want an outcome; once for each listing.

        Args:
            ignored: Takes up how many files were left out because computers add them.
        """
        for page in self._pages:
            pictures = self._pictures(page, ignored)
            if self.layout is None:
                if pictures:
                    yield pictures
                continue
            places = chain.from_iterable(map(self.layout.places, pictures))
            while some := list(islice(places, _MOST_AT_ONCE)):
                yield some

    def identities(self, places: PlaceIdentities) -> tuple[Identities, bool]:
        """List the batch whole, and tell whether the folder holds its `_READY` marker."""
        listed = IdentityLog()
        is_ready = False
        for page in self._pages:
            if self.layout is not None:
                pictures = self._pictures(page, Ignored())
                listed.extend(places.of(picture, self.layout) for picture in pictures)
            elif self._counts:
                listed.extend(version.identity for version in self._pictures(page, Ignored()))
            else:  # the identities of an archive's members are remembered longer than these
                listed.extend(
                    self._zips.identities(version) if _is_archive(version) else version.identity
                    for version in self._objects(page, Ignored())
                )
            is_ready = is_ready or any(is_ready_marker(v.key, self._batch) for v in page)
        return listed.as_set(), is_ready

    def _pictures(self, page: Sequence[ObjectVersion], ignored: Ignored) -> list[ObjectVersion]:
        """Keep what wants an outcome; what an archive or a file of pages holds takes its place."""
        images: list[ObjectVersion] = []
        for version in self._objects(page, ignored):
            if _is_archive(version):
                images += self._zips.members(version, ignored)
            else:
                images.append(version)
        return list(with_pages(images, self._counts)) if self._counts else images

    def _objects(self, page: Iterable[ObjectVersion], ignored: Ignored) -> Iterator[ObjectVersion]:
        """Yield the objects that are neither markers, nor files to be ignored, nor the template."""
        for version in page:
            if is_marker_key(version.key) or batch_of(version.key) != self._batch:
                continue
            if (kind := ignored_as(version.key)) is not None:
                ignored[kind] += 1
            elif version.key != self._template:
                yield version

    def _layout_file(self, bucket: Bucket) -> ObjectVersion | None:
        """Find the layout in the first page, or ask for it where that does not reach so far."""
        key = layout_key(self._batch)
        seen = list(islice(self._pages, 1))
        if seen and (not seen[0] or seen[0][-1].key < key):
            seen += islice(self._pages, 1)
        is_known = len(seen) < 2
        self._pages = chain(seen, self._pages)
        listed = next((v for page in seen for v in page if v.key == key), None)
        if listed is not None or is_known:
            return listed
        return bucket.version(key)


def raw_pages(bucket: Bucket, batch: str) -> Iterator[list[ObjectVersion]]:
    """Yield pages of everything that lies in a batch, markers included."""
    if batch == LOOSE:
        folders, loose = bucket.folders()
        yield loose
        if "" in folders:
            yield from bucket.versions("/")
    yield from bucket.versions(f"{batch}/")


def _is_archive(version: ObjectVersion) -> bool:
    return is_archive_key(version.key) and version.size > 0
