"""Verdicts in the labels bucket: one object each, created once, never changed or deleted by us."""

import secrets
from datetime import UTC

from mnist.keys import VERDICTS
from mnist.reviews.verdict import ErrorVerdict
from mnist.storage.bucket import Bucket
from mnist.storage.object_log import Entries, ObjectLog


class VerdictLog:
    """The folder `verdicts/` of the labels bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.log = ObjectLog.of_json(bucket, VERDICTS, ErrorVerdict)

    def append(self, verdict: ErrorVerdict) -> str:
        """Record an entry and return its key: `verdicts/<date>/<time>-<random>.json`, in UTC."""
        at = verdict.at.astimezone(UTC)
        key = f"{VERDICTS}{at:%Y-%m-%d/%H%M%S%f}-{secrets.token_hex(8)}.json"
        self.log.record(key, verdict)
        return key

    def recorded(self) -> Entries[ErrorVerdict]:
        """Return every entry, those taken back included."""
        return self.log.entries()
