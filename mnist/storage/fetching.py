"""Fetching what is to be scored: an answer for every object version, whatever is wrong with it."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from mnist.digits import Outcome, Reason
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone, Unavailable
from mnist.images import Rejection
from mnist.keys import ObjectVersion
from mnist.scoring.pictures import Fetched
from mnist.storage.user_metadata import StoredObject, as_text

MOST_ATTEMPTS = 4
"""Attempts at one object before it is left for a later run."""

_FIRST_PAUSE_SECONDS = 0.2
_UNAVAILABLE_AT_ONCE = 2

Content = TypeVar("Content")

Read = Callable[[ObjectVersion], StoredObject]
"""Reads exactly one object version; raises ObjectGone, ObjectChanged, AccessDenied, Unavailable."""


def fetch_each(
    versions: Sequence[ObjectVersion], read: Read, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Fetched]:
    """Read one object version after the other; only those that are *unavailable* are tried again.

    One object that the store cannot serve costs that object; several mean that the store is down.

    Raises:
        Unavailable: If more than one object stays unavailable after all attempts.
    """
    unavailable = 0
    for version in versions:
        one = answered(*attempt(partial(read, version), sleep=sleep))
        if isinstance(one.content, Unavailable):
            unavailable += 1
            if unavailable == _UNAVAILABLE_AT_ONCE:
                raise one.content
        yield one


def answered(answer: StoredObject | Rejection | Outcome | Unavailable, attempts: int) -> Fetched:
    """Say what fetching an object gave, its user metadata as text."""
    if isinstance(answer, StoredObject):
        return Fetched(answer.content, attempts, as_text(answer.metadata))
    return Fetched(answer, attempts)


def attempt(
    read: Callable[[], Content], *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Content | Rejection | Outcome | Unavailable, int]:
    """Read something; turn what may go wrong into an answer, and try again what a retry can mend.

    Returns:
        What was read or why it was not, and how often it was tried.
    """
    attempts = 1
    while True:
        try:
            return read(), attempts
        except ObjectGone:
            return Outcome.VANISHED, attempts
        except ObjectChanged:
            return Outcome.SUPERSEDED, attempts
        except AccessDenied as error:
            return Rejection(Reason.UNREADABLE, str(error)), attempts
        except Unavailable as error:
            if attempts == MOST_ATTEMPTS:
                return error, attempts
        sleep(random.uniform(0.5, 1) * _FIRST_PAUSE_SECONDS * 2**attempts)  # noqa: S311 - jitter
        attempts += 1
