"""Buckets of a test's own, made ahead of it and deleted behind it."""

import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from mnist.settings import Settings
from mnist.storage.clients import control_client

PURPOSES = ("inbox", "results", "labels")

_AHEAD = 3


class FreshBuckets:
    """Gives each test an inbox, a results and a labels bucket that nobody has used.

    SeaweedFS takes a fifth of a second over the first object of a bucket, nearly all of it asleep,
    so each bucket has had one that is gone again.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = control_client(settings)
        self._threads = ThreadPoolExecutor(2 * len(PURPOSES), "buckets")
        self._coming = deque(self._order() for _ in range(_AHEAD))
        self._going: list[Future[None]] = []

    @contextmanager
    def three(self) -> Iterator[tuple[str, ...]]:
        """Lend the three buckets, in the order of PURPOSES; afterwards they are deleted."""
        self._coming.append(self._order())
        names = tuple(made.result() for made in self._coming.popleft())
        try:
            yield names
        finally:
            # Each bucket takes volumes of the store, and there are only so many.
            self._going += [self._threads.submit(self._delete, name) for name in names]

    def close(self) -> None:
        """Wait for what is under way.

        Raises:
            ClientError: If a bucket could not be deleted.
        """
        self._threads.shutdown()
        for deletion in self._going:
            deletion.result()

    def _order(self) -> list[Future[str]]:
        mark = uuid.uuid4().hex[:8]
        return [self._threads.submit(self._make, f"{purpose}-{mark}") for purpose in PURPOSES]

    def _make(self, name: str) -> str:
        self._client.create_bucket(Bucket=name)
        self._client.put_object(Bucket=name, Key="first", Body=b"1")
        self._client.delete_object(Bucket=name, Key="first")
        return name

    def _delete(self, name: str) -> None:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=name):
            keys = [{"Key": listed["Key"]} for listed in page.get("Contents", [])]
            if keys:
                self._client.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
        self._client.delete_bucket(Bucket=name)
