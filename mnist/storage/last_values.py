"""The last value of a place in earlier batches, for layouts that say it must not go down."""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from cachetools import LRUCache, TTLCache, cachedmethod

from mnist.errors import AccessDenied, IntegrityError, ObjectChanged, ObjectGone
from mnist.keys import CURRENT, ObjectVersion, folder_of
from mnist.reviews.trust import trusted_labels
from mnist.storage.bucket import Bucket
from mnist.storage.reviews import ReviewLog
from mnist.tables import from_parquet

_COLUMNS = ("key", "sha256", "value", "accepted")
_FILE = ".parquet"
_MOST_BATCHES = 24
"""Earlier batches in which a place is looked for, the nearest first."""

_FILES_REMEMBERED = _MOST_BATCHES
_LISTINGS, _LISTING_SECONDS = 16, 10
_REVIEW_SECONDS = 30

_log = structlog.get_logger(__name__)


class LastValues:
    """What counted last in a place: what people agreed on, or else a value that was accepted.

    Args:
        results: Holds the rows that count now, a file for each batch.
        reviews: What people said of them.
        needed: How many of them must say the same.
    """

    def __init__(self, results: Bucket, reviews: ReviewLog, needed: int) -> None:
        self._results = results
        self._reviews = reviews
        self._needed = needed
        # A batch asks again with each of its pictures.
        self._files: LRUCache[Any, pa.Table] = LRUCache(_FILES_REMEMBERED)
        self._listings: TTLCache[Any, list[ObjectVersion]] = TTLCache(_LISTINGS, _LISTING_SECONDS)
        self._agreed: TTLCache[Any, Mapping[str, str]] = TTLCache(1, _REVIEW_SECONDS)
        self._lock = Lock()

    def of(self, series: str, batch: str, places: Sequence[str]) -> dict[str, str]:
        """Look up places of a batch in the batches of its series that are named before it.

        The names alone say which is earlier, so a batch that is scored again gets the same answer.

        Args:
            series: Beginning of the names of these batches.
            batch: Name of the batch.
            places: Keys without the name of their batch.

        Returns:
            Place -> value; without those that no earlier batch holds.

        Raises:
            Unavailable: If the store does not answer.
        """
        values: dict[str, str] = {}
        for version in self._earlier(series, batch)[:_MOST_BATCHES]:
            missing = [place for place in places if place not in values]
            if not missing:
                break
            values |= self._values_in(version, missing)
        return values

    @cachedmethod(lambda self: self._listings, lock=lambda self: self._lock)
    def _earlier(self, series: str, batch: str) -> list[ObjectVersion]:
        """List the files of earlier batches, the nearest first."""
        own, beginning = folder_of(batch), f"{CURRENT}{folder_of(series)}"
        earlier = [
            version
            for page in self._results.versions(CURRENT)
            for version in page
            if version.key.startswith(beginning)
            and version.key.endswith(_FILE)
            and _folder(version) < own
        ]
        return sorted(earlier, key=_folder, reverse=True)

    def _values_in(self, version: ObjectVersion, places: Sequence[str]) -> dict[str, str]:
        try:
            table = self._table(version)
        except (ObjectGone, ObjectChanged):  # written anew meanwhile; the next picture finds it
            with self._lock:
                self._listings.clear()
            return {}
        # The rows of one file are of one batch, so what stands before the first slash is its name.
        of_places = table.filter(pc.is_in(table["place"], pa.array(places)))
        agreed = self._agreed_values()
        values = {}
        for row in of_places.to_pylist():
            value = agreed.get(row["sha256"], row["value"] if row["accepted"] else None)
            if value is not None:
                values[row["place"]] = value
        return values

    @cachedmethod(lambda self: self._files, lock=lambda self: self._lock)
    def _table(self, version: ObjectVersion) -> pa.Table:
        try:
            table = from_parquet(self._results.fetch(version.key, version.etag), _COLUMNS)
            table = table.filter(pc.is_valid(table["value"]))
        except (pa.ArrowException, KeyError) as error:
            raise IntegrityError(
                f"{version.key} cannot be read ({error}); delete it, and the next look at its "
                "batch writes it anew."
            ) from error
        place = pc.replace_substring_regex(table["key"], "^[^/]*/", "")
        return table.append_column("place", place)

    @cachedmethod(lambda self: self._agreed, lock=lambda self: self._lock)
    def _agreed_values(self) -> Mapping[str, str]:
        """Tell what people agreed on: digest of a place -> value."""
        try:
            return dict(_agreed_on(self._reviews, self._needed))
        except AccessDenied as error:
            _log.warning("last-values.no-reviews", error=str(error))
            return {}


def _agreed_on(reviews: ReviewLog, needed: int) -> Iterator[tuple[str, str]]:
    labels = trusted_labels(list(reviews.recorded()), needed)
    for place in labels.values:
        if place.value is not None:
            yield place.sha256, place.value
    for place in labels.agreed:
        if place.answer is not None:
            yield place.sha256, str(place.answer)


def _folder(version: ObjectVersion) -> str:
    return version.key.removeprefix(CURRENT).removesuffix(_FILE)
