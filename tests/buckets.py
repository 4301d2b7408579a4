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
    so each bucket has had one that is gone again. Its master may lock up for good (4.48) where a
    bucket is made while another one gets its first object or is deleted, so one thread does one
    after the other.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = control_client(settings)
        self._thread = ThreadPoolExecutor(1, "buckets")
        self._first_objects = ThreadPoolExecutor(len(PURPOSES), "first-objects")
        self._coming = deque(self._order() for _ in range(_AHEAD))
        self._going: list[Future[None]] = []

    @contextmanager
    def three(self) -> Iterator[tuple[str, ...]]:
        """Lend the three buckets, in the order of PURPOSES; afterwards they are deleted."""
        self._coming.append(self._order())
        names = self._coming.popleft().result()
        try:
            yield names
        finally:
            # Each bucket takes volumes of the store, and there are only so many.
            self._going += [self._thread.submit(self._delete, name) for name in names]

    def close(self) -> None:
        """Wait for what is under way.

        Raises:
            ClientError: If a bucket could not be deleted.
        """
        self._thread.shutdown()
        self._first_objects.shutdown()
        for deletion in self._going:
            deletion.result()

    def _order(self) -> Future[tuple[str, ...]]:
        return self._thread.submit(self._make, uuid.uuid4().hex[:8])

    def _make(self, mark: str) -> tuple[str, ...]:
        names = tuple(f"{purpose}-{mark}" for purpose in PURPOSES)
        for name in names:
            self._client.create_bucket(Bucket=name)
        list(self._first_objects.map(self._use, names))
        return names

    def _use(self, name: str) -> None:
        self._client.put_object(Bucket=name, Key="first", Body=b"1")
        self._client.delete_object(Bucket=name, Key="first")

    def _delete(self, name: str) -> None:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=name):
            keys = [{"Key": listed["Key"]} for listed in page.get("Contents", [])]
            if keys:
                self._client.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
        self._client.delete_bucket(Bucket=name)
