"""Small objects under one prefix, each created once and never changed: a log kept in a bucket.

Journal, receipts, reviews, verdicts, verifications, audit, gate slices and reports of monitoring
are such logs. There is one policy for an object that is none of ours or was damaged: it is named,
in the process's log once and to whoever reads the log every time, and it stops nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from pydantic import BaseModel

from mnist.keys import ObjectVersion
from mnist.storage.bucket import Bucket

Entry = TypeVar("Entry")
Model = TypeVar("Model", bound=BaseModel)

_READERS = 8
_NUMBER = re.compile(r"(\d{8})\.json")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Entries(Generic[Entry]):
    """What a log holds, in the order of the keys.

    Attributes:
        by_key: Key -> entry.
        unreadable: Keys of objects that lie among them and cannot be parsed.
    """

    by_key: Mapping[str, Entry]
    unreadable: Sequence[str]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.by_key.values())

    def __len__(self) -> int:
        return len(self.by_key)


class ObjectLog(Generic[Entry]):
    """The objects under a prefix.

    Attributes:
        place: Bucket and prefix, for people.

    Args:
        bucket: Where they lie.
        prefix: Beginning of their keys, with the slash at its end.
        parse: Makes an entry of a key and its bytes; raises ValueError if it is none.
    """

    def __init__(self, bucket: Bucket, prefix: str, parse: Callable[[str, bytes], Entry]) -> None:
        self.prefix = prefix
        self.place = f"{bucket.name}/{prefix}"
        self._bucket = bucket
        self._parse = parse
        self._parsed: dict[tuple[str, str], Entry | None] = {}

    @classmethod
    def of_json(cls, bucket: Bucket, prefix: str, model: type[Model]) -> ObjectLog[Model]:
        """Open a log whose entries are JSON objects."""
        return ObjectLog(bucket, prefix, lambda _key, content: model.model_validate_json(content))

    def create(self, key: str, content: bytes) -> bool:
        """Record an entry; False if there is one of that key."""
        return self._bucket.create(key, content) is not None

    def record(self, key: str, entry: BaseModel) -> bool:
        """Record an entry as JSON; False if there is one of that key."""
        return self.create(key, entry.model_dump_json(indent=2).encode())

    def entries(self, prefix: str = "", last: int | None = None) -> Entries[Entry]:
        """Return the entries. They never change, so each is fetched once in the life of this.

        Args:
            prefix: Only those whose key begins with this; the whole log if left out.
            last: Only so many, those with the highest keys.
        """
        pages = self._bucket.versions(prefix or self.prefix)
        versions = sorted((version for page in pages for version in page), key=lambda v: v.key)
        versions = versions if last is None else versions[max(len(versions) - last, 0) :]
        new = [v for v in versions if (v.key, v.etag) not in self._parsed]
        with ThreadPoolExecutor(_READERS) as pool:
            for version, content in zip(new, pool.map(self._fetch, new), strict=True):
                self._parsed[version.key, version.etag] = self._entry(version.key, content)
        parsed = {version.key: self._parsed[version.key, version.etag] for version in versions}
        return Entries(
            {key: entry for key, entry in parsed.items() if entry is not None},
            [key for key, entry in parsed.items() if entry is None],
        )

    def _fetch(self, version: ObjectVersion) -> bytes:
        return self._bucket.fetch(version.key)

    def _entry(self, key: str, content: bytes) -> Entry | None:
        try:
            return self._parse(key, content)
        except ValueError as error:
            reason = next(iter(str(error).splitlines()), "")
            _log.warning(
                "object-log.unreadable", bucket=self._bucket.name, key=key, error=reason[:200]
            )
            return None


class NumberedLog(ObjectLog[Model]):
    """A log whose entries are numbered from 1: whoever creates entry n has seen entry n-1.

    Args:
        bucket: Where they lie.
        prefix: Beginning of their keys, with the slash at its end.
        model: What an entry is; its field `sequence` is its number.
    """

    def __init__(self, bucket: Bucket, prefix: str, model: type[Model]) -> None:
        super().__init__(bucket, prefix, lambda _key, content: model.model_validate_json(content))

    def append(self, make: Callable[[int, list[Model]], Model]) -> Model:
        """Add an entry under the next number, taking another if somebody else was faster.

        Args:
            make: Makes the entry of its number and of all entries before it, the oldest first.
        """
        while True:
            entries = self.entries()
            numbers = [number_of(key) for key in (*entries.by_key, *entries.unreadable)]
            number = max(numbers, default=0) + 1
            entry = make(number, list(entries))
            key = f"{self.prefix}{number:08d}.json"
            if self.record(key, entry):
                return entry

    def damaged(self, after: int = 0) -> list[str]:
        """Name the numbered entries after this one that cannot be parsed.

        Nobody can say any more what they decided; an object without a number decided nothing.
        """
        return [key for key in self.entries().unreadable if number_of(key) > after]


def number_of(key: str) -> int:
    """Return the number of an entry by its key; 0 for an object that is no entry."""
    match = _NUMBER.fullmatch(key.rpartition("/")[2])
    return int(match[1]) if match else 0
