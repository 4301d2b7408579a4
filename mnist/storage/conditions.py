"""Does the store keep the promise that everything here rests on: of many who write, one wins?"""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mnist.errors import InvalidSettings, Unsupported
from mnist.keys import PROBES
from mnist.storage.bucket import Bucket

PROBE_KEY = f"{PROBES}conditional-writes"
"""The object that is written to find out; one for ever, never deleted."""

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
        "MNIST_ALLOW_PLAIN_WRITES=true and never let two runs score one batch at once."
    )


def find_problem(bucket: Bucket) -> str | None:
    """Race for one object, by `create` and by `replace`; say what went wrong, None if nothing."""
    try:
        created = _race(lambda content: bucket.create(PROBE_KEY, content))
        if created > 1 or bucket.create(PROBE_KEY, b"late") is not None:
            return "lets a second writer create an object that exists"
        probe = bucket.fetch_with_etag(PROBE_KEY)
        etag = probe[1] if probe else ""
        if _race(lambda content: bucket.replace(PROBE_KEY, content, etag)) > 1:
            return "lets a second writer replace an object that has changed"
    except Unsupported:
        return "does not know conditional writes"
    return None


def _race(write: Callable[[bytes], str | None]) -> int:
    """Let several write at once; return how many believe that they won."""
    with ThreadPoolExecutor(_RACERS) as pool:
        contents = [uuid.uuid4().bytes for _ in range(_RACERS)]
        return sum(etag is not None for etag in pool.map(write, contents))
