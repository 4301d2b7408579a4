"""A lease on a batch: keeps two runs from doing the same work at once.

The lease saves work; it does not carry correctness. Two runs that both believe they hold it write
the same chunks by conditional create, and readers keep one row per object version.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from pydantic import BaseModel, ValidationError

from mnist.errors import LeaseHeld, Unavailable
from mnist.keys import lease_key
from mnist.storage.bucket import Bucket

_POLL_SECONDS = 0.5

_LONG_AGO = datetime.fromtimestamp(0, UTC)
"""When a lease that was given back ended, whatever time the clock of its holder told."""

_log = structlog.get_logger(__name__)


class LeaseRecord(BaseModel, frozen=True):
    """What lies in the store about who works on a batch."""

    run: str
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        """Tell whether the holder still counts."""
        return now < self.expires_at


def holder(bucket: Bucket, batch: str) -> LeaseRecord | None:
    """Look up which run holds a batch now, if one does."""
    lease = bucket.fetch_with_etag(lease_key(batch))
    record = _record_in(lease[0], batch) if lease else None
    return record if record is not None and record.is_live(datetime.now(UTC)) else None


def _record_in(content: bytes, batch: str) -> LeaseRecord | None:
    """Parse a lease; one that is damaged holds nobody up, and is named in the log."""
    try:
        return LeaseRecord.model_validate_json(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        _log.warning("lease.unreadable", key=lease_key(batch), error=problem)
        return None


class Lease:
    """Hold a batch while a `with` block runs, renewing in the background.

    Args:
        bucket: Where results lie.
        batch: Name of the batch.
        run: Who wants it; the same name may enter again, as a retried run does.
        seconds: A holder that stays silent this long loses the batch.
        wait_seconds: How long to wait for another holder before giving up.
        require_batch: Called before a batch gets its first lease; raises if there is no such
            batch, so that a mistyped name leaves nothing behind.

    Raises on entry:
        LeaseHeld: If another run holds a lease that has not expired.
    """

    def __init__(
        self,
        bucket: Bucket,
        batch: str,
        run: str,
        *,
        seconds: int,
        wait_seconds: float = 0,
        require_batch: Callable[[], None] = lambda: None,
    ) -> None:
        self._bucket = bucket
        self._key = lease_key(batch)
        self._batch = batch
        self._run = run
        self._duration = timedelta(seconds=seconds)
        self._wait_seconds = wait_seconds
        self._require_batch = require_batch
        self._etag = ""
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"lease-{batch}", daemon=True)

    def __enter__(self) -> Lease:
        deadline = time.monotonic() + self._wait_seconds
        while True:
            try:
                self._etag = self._acquire()
                break
            except LeaseHeld:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_POLL_SECONDS)
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._keeper.join()
        try:
            self._bucket.replace(self._key, self._record(_LONG_AGO), self._etag)
        except Unavailable:
            _log.warning("lease.not-released", batch=self._batch, expires_in=str(self._duration))

    def _acquire(self) -> str:
        lease = self._bucket.fetch_with_etag(self._key)
        if lease is None:
            self._require_batch()
            created = self._bucket.create(self._key, self._record(self._end()))
            if created is not None:
                return created
            lease = self._bucket.fetch_with_etag(self._key)
        if lease is None:
            raise LeaseHeld(f"The lease of batch {self._batch!r} changed hands just now.")
        return self._take_over(*lease)

    def _take_over(self, content: bytes, etag: str) -> str:
        record = _record_in(content, self._batch)
        if record and record.is_live(datetime.now(UTC)) and record.run != self._run:
            raise LeaseHeld(
                f"Run {record.run} is working on batch {self._batch!r} "
                f"(its lease ends {record.expires_at:%H:%M:%S} UTC unless renewed)."
            )
        taken = self._bucket.replace(self._key, self._record(self._end()), etag)
        if taken is None:
            raise LeaseHeld(f"Another run took over batch {self._batch!r} first.")
        return taken

    def _keep(self) -> None:
        while not self._done.wait(self._duration.total_seconds() / 3):
            try:
                held = self._bucket.replace(self._key, self._record(self._end()), self._etag)
            except Unavailable:
                _log.warning("lease.not-renewed", batch=self._batch, run=self._run)
                continue
            if held is None:
                _log.warning("lease.lost", batch=self._batch, run=self._run)
                return
            self._etag = held

    def _end(self) -> datetime:
        return datetime.now(UTC) + self._duration

    def _record(self, expires_at: datetime) -> bytes:
        return LeaseRecord(run=self._run, expires_at=expires_at).model_dump_json().encode()
