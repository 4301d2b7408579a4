"""Files with several pages: remembered once they were counted, and their pages fetched.

How many pages a file has is known when it is first fetched, whatever it is called. One small object
for each such file keeps it, so that every later listing names the pages and opens no file.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import structlog

from mnist.digits import Outcome
from mnist.errors import Unavailable
from mnist.images import Limits, Rejection, page_files
from mnist.keys import ObjectVersion, batch_of, pages_prefix
from mnist.places import page_versions
from mnist.scoring.pictures import Fetched
from mnist.storage.bucket import Bucket

_RECORD = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,8})\.json")

_log = structlog.get_logger(__name__)


class PageCounts:
    """The folder `pages/` of the results bucket.

    A key says all: `pages/<batch>/<identity of the file>-<pages>.json`. To write it twice changes
    nothing.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._strange: set[str] = set()

    def of(self, batch: str) -> dict[bytes, int]:
        """Return the files of a batch with several pages: their identities, and how many pages.

        An object whose key says no such thing is named in the log once, and stops nothing.
        """
        counts: dict[bytes, int] = {}
        for page in self._bucket.versions(pages_prefix(batch)):
            for version in page:
                parsed = _RECORD.fullmatch(version.key.rpartition("/")[2])
                if parsed:
                    counts[bytes.fromhex(parsed[1])] = int(parsed[2])
                elif version.key not in self._strange:
                    self._strange.add(version.key)
                    _log.warning("pages.unreadable", key=version.key)
        return counts

    def record(self, file: ObjectVersion, pages: int) -> None:
        """Remember how many pages a file has."""
        key = f"{pages_prefix(batch_of(file.key))}{file.identity.hex()}-{pages}.json"
        content = {"key": file.key, "etag": file.etag, "size": file.size, "pages": pages}
        self._bucket.put(key, json.dumps(content, sort_keys=True).encode())


def with_pages(
    versions: Iterable[ObjectVersion], counts: Mapping[bytes, int]
) -> Iterator[ObjectVersion]:
    """Put the pages of a file into its place."""
    for version in versions:
        pages = counts.get(version.identity)
        yield from [version] if pages is None else page_versions(version, pages)


def fetch_pages(file: Fetched, numbers: Sequence[int], limits: Limits) -> Iterator[Fetched]:
    """Take pages out of a file that was fetched; if it could not be, that is true of each page."""
    if isinstance(file.content, Rejection | Outcome | Unavailable):
        yield from [file] * len(numbers)
        return
    for page in page_files(file.content, numbers, limits):
        yield Fetched(page, file.attempts, file.metadata)
