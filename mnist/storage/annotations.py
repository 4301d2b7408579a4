"""Notes and tags in the labels bucket: one object for each entry, never changed by us."""

import secrets
from datetime import UTC

from mnist.keys import ANNOTATIONS
from mnist.reviews.annotation import Annotation
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import Entries, ObjectLog


class AnnotationLog:
    """The folder `annotations/` of the labels bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.log = ObjectLog.of_json(bucket, ANNOTATIONS, Annotation)

    def append(self, entry: Annotation) -> str:
        """Record an entry and return its key: `annotations/<date>/<time>-<random>.json`, in UTC."""
        at = entry.at.astimezone(UTC)
        key = f"{ANNOTATIONS}{at:%Y-%m-%d/%H%M%S%f}-{secrets.token_hex(8)}.json"
        self.log.record(key, entry)
        return key

    def recorded(self) -> Entries[Annotation]:
        """Return every entry, also those whose tags were removed or whose note was taken back."""
        return self.log.entries()
