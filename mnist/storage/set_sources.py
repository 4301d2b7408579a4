"""Where a labelled set lies before its import: a folder, a zip archive, a prefix of a bucket."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from mnist.digits import Reason
from mnist.errors import InvalidDataset, ObjectGone
from mnist.images import Limits, Rejection
from mnist.keys import is_archive_key
from mnist.storage.bucket import Bucket
from mnist.storage.zip_directory import Directory, ZipLimits, read_directory, unpack
from mnist.storage.zip_folders import ObjectRanges

_READ_AHEAD_BYTES = 1_000_000
_REMOTE = "s3://"


class SetSource(Protocol):
    """A tree of files. Paths are relative to its top, folders separated by slashes."""

    def top(self) -> tuple[list[str], list[str]]:
        """Name the folders and the files at the top."""
        ...

    def below(self, folder: str) -> Iterator[str]:
        """Yield the path of every file below a folder at the top, without listing all of them."""
        ...

    def fetch(self, path: str) -> bytes | Rejection | None:
        """Fetch a file; a rejection if it cannot be, None if there is none."""
        ...

    def inside(self, folder: str) -> "SetSource":
        """Take a folder at the top for the top."""
        ...


class FolderSource:
    """A folder of this machine. What a link leads out of it to is not there."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder.resolve()
        self._limits = limits

    def top(self) -> tuple[list[str], list[str]]:
        """Name the folders and the files at the top."""
        inside = sorted(self._folder.iterdir())
        return [p.name for p in inside if p.is_dir()], [p.name for p in inside if p.is_file()]

    def below(self, folder: str) -> Iterator[str]:
        """Yield the path of every file below a folder at the top."""
        for path in (self._folder / folder).rglob("*"):
            if path.is_file():
                yield path.relative_to(self._folder).as_posix()

    def fetch(self, path: str) -> bytes | Rejection | None:
        """Fetch a file; None if there is none."""
        try:
            file = (self._folder / path).resolve()
            if not file.is_relative_to(self._folder) or not file.is_file():
                return None
            if (size := file.stat().st_size) > self._limits.max_bytes:
                return Rejection(Reason.TOO_LARGE, f"{size} bytes")
            return file.read_bytes()
        except (OSError, ValueError) as error:
            return Rejection(Reason.CORRUPT, f"cannot be read: {error}")

    def inside(self, folder: str) -> "FolderSource":
        """Take a folder at the top for the top."""
        return FolderSource(self._folder / folder, self._limits)


class ZipSource:
    """A zip archive, in a file of this machine or in the store.

    Args:
        file: The archive; it is read in turns.
        directory: Its table of contents.
        prefix: Folder that is the top, with its slash; empty for the whole archive.
    """

    def __init__(self, file: IO[bytes], directory: Directory, prefix: str = "") -> None:
        self._file = file
        self._directory = directory
        self._prefix = prefix
        self._turn = threading.Lock()
        self._members = {
            member.name.removeprefix(prefix): member
            for member in directory.members.values()
            if member.name.startswith(prefix)
        }

    def top(self) -> tuple[list[str], list[str]]:
        """Name the folders and the files at the top."""
        folders = {name.partition("/")[0] for name in self._members if "/" in name}
        return sorted(folders), sorted(name for name in self._members if "/" not in name)

    def below(self, folder: str) -> Iterator[str]:
        """Yield the path of every file below a folder at the top, as the archive has them."""
        return (name for name in self._members if name.startswith(f"{folder}/"))

    def fetch(self, path: str) -> bytes | Rejection | None:
        """Unpack a member; None if there is none."""
        member = self._members.get(path)
        if member is None:
            return None
        if member.problem is not None:
            return member.problem
        with self._turn:
            self._file.seek(member.start)
            part = self._file.read(member.end - member.start)
        return unpack(member, part)

    def inside(self, folder: str) -> "ZipSource":
        """Take a folder at the top for the top."""
        return ZipSource(self._file, self._directory, f"{self._prefix}{folder}/")


class PrefixSource:
    """Objects of a bucket whose keys begin with a prefix."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def top(self) -> tuple[list[str], list[str]]:
        """Name the folders and the files at the top."""
        folders, objects = self._bucket.folders(self._prefix)
        files = [version.key.removeprefix(self._prefix) for version in objects]
        return [PurePosixPath(folder).name for folder in folders], files

    def below(self, folder: str) -> Iterator[str]:
        """Yield the path of every object below a folder at the top, page by page."""
        for page in self._bucket.versions(f"{self._prefix}{folder}/"):
            yield from (version.key.removeprefix(self._prefix) for version in page)

    def fetch(self, path: str) -> bytes | Rejection | None:
        """Fetch an object; None if there is none."""
        try:
            return self._bucket.fetch(self._prefix + path)
        except ObjectGone:
            return None

    def inside(self, folder: str) -> "PrefixSource":
        """Take a folder at the top for the top."""
        return PrefixSource(self._bucket, f"{self._prefix}{folder}/")


@contextmanager
def opened(
    place: str, bucket: Callable[[str], Bucket], limits: Limits, zip_limits: ZipLimits
) -> Iterator[SetSource]:
    """Open a set by its place.

    Args:
        place: Path of a folder or of a zip archive, or `s3://BUCKET/PREFIX`, which is an archive if
            it ends with `.zip`.
        bucket: Opens a bucket by its name.
        limits: What a file may cost.
        zip_limits: What an archive may cost.

    Raises:
        InvalidDataset: If there is no such place, or the archive is none.
    """
    if place.startswith(_REMOTE):
        name, _, key = place.removeprefix(_REMOTE).partition("/")
        if is_archive_key(key):
            with _remote_archive(bucket(name), key, place) as file:
                yield _archive(file, place, zip_limits)
        else:
            prefix = key if not key or key.endswith("/") else f"{key}/"
            yield PrefixSource(bucket(name), prefix)
    elif Path(place).is_dir():
        yield FolderSource(Path(place), limits)
    elif Path(place).is_file():
        with Path(place).open("rb") as file:
            yield _archive(file, place, zip_limits)
    else:
        raise InvalidDataset(
            f"There is neither a folder nor a zip archive at {place!r}; name one that this process "
            "can read, or a place in the store as s3://BUCKET/PREFIX."
        )


def _archive(file: IO[bytes], place: str, limits: ZipLimits) -> ZipSource:
    directory = read_directory(file, limits)
    if isinstance(directory, Directory):
        return ZipSource(file, directory)
    why = "It is no zip archive." if directory is None else directory.detail
    raise InvalidDataset(f"{place} cannot be imported. {why} Pack the set as .zip, or unpack it.")


@contextmanager
def _remote_archive(bucket: Bucket, key: str, place: str) -> Iterator[IO[bytes]]:
    folder, _, _ = key.rpartition("/")
    pages = bucket.versions(f"{folder}/" if folder else "")
    version = next((v for page in pages for v in page if v.key == key), None)
    if version is None:
        raise InvalidDataset(f"There is no object {place}; upload the archive first.")
    ranges = ObjectRanges(bucket, version, version.size)
    with io.BufferedReader(ranges, _READ_AHEAD_BYTES) as file:
        yield file
