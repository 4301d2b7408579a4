"""Back-pressure: work is handed out only as fast as it is done."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")


class Future(Protocol[Result_co]):
    """What Prefect, Dask and the standard library call a future."""

    def result(self) -> Result_co:
        """Wait for the result, or raise what the work raised."""


def in_flight(
    submit: Callable[[Item], Future[Result]], items: Iterable[Item], limit: int
) -> Iterator[Result]:
    """Submit items and yield their results in order, never more than `limit` under way.

    The next item is taken only when there is room for it, so an endless iterator is fine.

    Args:
        submit: Starts the work on one item.
        items: What is to be done.
        limit: Items submitted and not yet finished, 1 or more.
    """
    futures: deque[Future[Result]] = deque()
    for item in items:
        futures.append(submit(item))
        if len(futures) >= limit:
            yield futures.popleft().result()
    while futures:
        yield futures.popleft().result()
