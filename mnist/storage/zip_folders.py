"""Zip archives in the inbox as if they were folders, read by ranges: no archive is held whole."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any

from cachetools import LRUCache

from mnist.digits import Outcome, Reason
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone, Unavailable
from mnist.ignored_files import Ignored
from mnist.images import Rejection
from mnist.keys import ObjectVersion
from mnist.places import MemberPlace, member_version
from mnist.scoring.pictures import Fetched
from mnist.storage.bucket import Bucket
from mnist.storage.fetching import answered, attempt
from mnist.storage.user_metadata import StoredObject, as_text
from mnist.storage.zip_directory import (
    Directory,
    DirectoryTooLong,
    Member,
    ZipLimits,
    read_directory,
    unpack,
)

_REMEMBERED_MEMBERS = 200_000
_REMEMBERED_IDENTITY_BYTES = 64_000_000
_SPAN_BYTES = 8_000_000
_READ_AHEAD_BYTES = 1_000
_LONGEST_HEADER = 30 + 2 * 65_535
_TURNS = 16


class ZipFolders:
    """The zip archives of a bucket.

    Args:
        bucket: Where they lie.
        limits: What one may cost.
    """

    def __init__(self, bucket: Bucket, limits: ZipLimits) -> None:
        self._bucket = bucket
        self._limits = limits
        self._directories: LRUCache[ObjectVersion, Directory] = LRUCache(
            _REMEMBERED_MEMBERS, getsizeof=len
        )
        self._identities: LRUCache[ObjectVersion, bytes] = LRUCache(
            _REMEMBERED_IDENTITY_BYTES, getsizeof=len
        )
        self._lock = Lock()
        self._turns = [Lock() for _ in range(_TURNS)]

    def members(self, archive: ObjectVersion, ignored: Ignored) -> list[ObjectVersion]:
        """List an archive; one that cannot be opened, or is none, stands for itself.

        Args:
            archive: The archive.
            ignored: Takes up how many of its files were left out.
        """
        try:
            directory = self._directory(archive)
        except (ObjectGone, ObjectChanged, AccessDenied):
            return [archive]
        if not isinstance(directory, Directory):
            return [archive]
        ignored.update(directory.ignored)
        return [
            member_version(archive, member.number, member.name, member.crc, member.size)
            for member in directory.members.values()
        ]

    def identities(self, archive: ObjectVersion) -> bytes:
        """Join the identities of what `members` lists; remembered longer than the members."""
        with self._lock:
            remembered = self._identities.get(archive)
        if remembered is not None:
            return remembered
        members = self.members(archive, Ignored())
        joined = b"".join(member.identity for member in members)
        if members != [archive]:  # which may open the next time
            with self._lock, suppress(ValueError):  # which says that it alone is too large
                self._identities[archive] = joined
        return joined

    def fetch_archive(self, archive: ObjectVersion) -> Fetched:
        """Fetch an object that is named like an archive and could not be listed as one."""

        def read() -> StoredObject | Rejection:
            directory = self._directory(archive)
            if isinstance(directory, Directory):
                raise Unavailable(f"{archive.key} can be opened now; the next run lists it.")
            if directory is None and archive.size > (most := self._limits.max_plain_bytes):
                detail = f"{archive.size} bytes and no zip archive; at most {most} are accepted"
                return Rejection(Reason.TOO_LARGE, detail)
            return directory or self._bucket.fetch_once(archive.key, archive.etag)

        return answered(*attempt(read))

    def fetch_members(self, places: Sequence[MemberPlace]) -> Iterator[Fetched]:
        """Fetch members of one archive; those that lie together take one request."""
        archive = places[0].archive
        directory, attempts = attempt(lambda: self._directory(archive))
        if isinstance(directory, Directory):
            for span in _spans([directory.members[place.number] for place in places]):
                yield from self._fetch_span(archive, span, directory.metadata)
        else:
            outcome = Outcome.SUPERSEDED if directory is None else directory
            yield from [Fetched(outcome, attempts)] * len(places)

    def _fetch_span(
        self, archive: ObjectVersion, span: Sequence[Member], metadata: str | None
    ) -> Iterator[Fetched]:
        sound = [member for member in span if member.problem is None]
        first = min((member.start for member in sound), default=0)
        last = max((_reach(member) for member in sound), default=0)
        key, etag = archive.key, archive.etag
        content, attempts = attempt(
            lambda: self._bucket.fetch_range(key, etag, first, last).content if sound else b""
        )
        for member in span:
            if member.problem is not None:
                yield Fetched(member.problem, attempts, metadata)
            elif isinstance(content, bytes):
                part = content[member.start - first : _reach(member) - first]
                yield Fetched(unpack(member, part), attempts, metadata)
            else:
                yield Fetched(content, attempts)

    def _directory(self, archive: ObjectVersion) -> Directory | Rejection | None:
        """Read a table of contents, or remember it; who asks meanwhile waits for the same one."""
        with self._turns[hash(archive) % _TURNS]:
            with self._lock:
                remembered = self._directories.get(archive)
            if remembered is not None:
                return remembered
            ranges = ObjectRanges(self._bucket, archive, self._limits.max_directory_bytes)
            listed = read_directory(io.BufferedReader(ranges, _READ_AHEAD_BYTES), self._limits)
            if not isinstance(listed, Directory):
                return listed
            directory = replace(listed, metadata=as_text(ranges.metadata))
            with self._lock, suppress(ValueError):  # which says that it alone is too large
                self._directories[archive] = directory
            return directory


class ObjectRanges(io.RawIOBase):
    """An object in the store as a file that can be sought in, for the standard library.

    Attributes:
        metadata: User metadata of the object, once something was read.
    """

    def __init__(self, bucket: Bucket, version: ObjectVersion, longest: int) -> None:
        self._longest = longest
        self._fetch_range = partial(bucket.fetch_range, version.key, version.etag)
        self._size = version.size
        self._position = 0
        self.metadata: Mapping[str, str] = {}

    def seekable(self) -> bool:
        """Tell that it can be sought in."""
        return True

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def tell(self) -> int:
        """Give the byte that is read next."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte; a place before the first one is an error, as in a file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(f"byte {start + offset} of the archive does not exist")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer by one request, or as much of it as there is.

        Raises:
            DirectoryTooLong: If they are more than any table of contents that we read.
        """
        end = min(self._position + len(buffer), self._size)
        length = max(end - self._position, 0)
        if length > self._longest:
            raise DirectoryTooLong(
                f"a table of contents of {length} bytes; at most {self._longest} are read"
            )
        if length:
            answer = self._fetch_range(self._position, end)
            buffer[:length], self.metadata = answer.content, answer.metadata
            self._position = end
        return length


def _reach(member: Member) -> int:
    """Say up to which byte a member can lie, however far away the next one begins."""
    return min(member.end, member.start + _LONGEST_HEADER + member.packed)


def _spans(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Put neighbours together that one request of moderate size can fetch."""
    span: list[Member] = []
    first = last = 0
    for member in members:
        lower, upper = min(first, member.start), max(last, _reach(member))
        if span and upper - lower > _SPAN_BYTES:
            yield span
            span = []
        first, last = (lower, upper) if span else (member.start, _reach(member))
        span.append(member)
    if span:
        yield span
