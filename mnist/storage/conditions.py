"""Does the store keep the promise that everything here rests on: of many who write, one wins?"""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from mnist.errors import InvalidSettings, Unsupported
from mnist.keys import PROBES
from mnist.storage.bucket import Bucket

FOUND_OUT = f"{PROBES}conditional-writes-failed"
"""What was found wrong once: a store that fails seldom is not trusted when it is asked again."""

_RACERS = 8


def with_sure_writes(bucket: Bucket, *, allow_plain: bool) -> Bucket:
    """Return a bucket whose `create` and `replace` are as sure as the store allows.

    Args:
        bucket: Where results go.
        allow_plain: Whether a store without conditional writes will do. Its weaker promise: work
            is still never lost, but two runs at the same moment may both do it, and the later one
            replaces the part of the earlier by one with the same predictions and another time, so
            that a receipt written in between does not verify.

    Raises:
        InvalidSettings: If the store does not honour conditions and that is not allowed.
    """
    problem = find_problem(bucket)
    if problem is None:
        return bucket
    if allow_plain:
        return bucket.without_conditions()
    raise InvalidSettings(
        f"The store of bucket {bucket.name!r} {problem}, so two runs could overwrite each other's "
        "results unseen. Use a store with conditional writes (AWS S3, SeaweedFS, MinIO), or set "
        "MNIST_ALLOW_PLAIN_WRITES=true and never let two runs score one batch at once; if the "
        f"store was mended, delete {FOUND_OUT}."
    )


def find_problem(bucket: Bucket) -> str | None:
    """Race for one object, by `create` and by `replace`; say what went wrong, None if nothing.

    The object is another one each day, as only what is not there yet can be created. What went
    wrong once stays on record as `FOUND_OUT`; delete that object when the store was mended.
    """
    try:
        recorded = bucket.fetch_with_etag(FOUND_OUT)
        problem = recorded[0].decode(errors="replace") if recorded else _lost_race(bucket)
    except Unsupported:
        return "does not know conditional writes"
    if problem and not recorded:
        bucket.put(FOUND_OUT, problem.encode())
    return problem


def probe_key() -> str:
    """Name the object that is written today to find out."""
    return f"{PROBES}conditional-writes-{today()}"


def today() -> str:
    """Give the day, UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _lost_race(bucket: Bucket) -> str | None:
    key = probe_key()
    created = _race(lambda content: bucket.create(key, content))
    if created > 1 or bucket.create(key, b"late") is not None:
        return "lets a second writer create an object that exists"
    probe = bucket.fetch_with_etag(key)
    etag = probe[1] if probe else ""
    if _race(lambda content: bucket.replace(key, content, etag)) > 1:
        return "lets a second writer replace an object that has changed"
    return None


def _race(write: Callable[[bytes], str | None]) -> int:
    """Let several write at once; return how many believe that they won."""
    with ThreadPoolExecutor(_RACERS) as pool:
        contents = [uuid.uuid4().bytes for _ in range(_RACERS)]
        return sum(etag is not None for etag in pool.map(write, contents))
