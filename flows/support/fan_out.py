"""Where chunks are scored: by threads of this process, or by Dask workers on other machines."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from distributed import Client

from flows.support.retries import RETRY_SECONDS
from flows.support.streaming import Future
from mnist import services
from mnist.errors import Unavailable
from mnist.scoring.chunks import Chunk, RecordedChunk

Submit = Callable[[Chunk], Future[RecordedChunk]]

_CONNECT_SECONDS = 30
_CHUNKS_PER_THREAD = 2


@contextmanager
def dask_workers(address: str) -> Iterator[tuple[Submit, int]]:
    """Connect to a Dask scheduler for the length of a block.

    Args:
        address: Of the scheduler, such as `tcp://10.0.0.5:8786`.

    Yields:
        What starts the work on a chunk, and how many chunks may be under way.

    Raises:
        Unavailable: If the scheduler does not answer or has no workers.
    """
    try:
        client: Any = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise Unavailable(
            f"No Dask scheduler answers at {address}; start it with `dask scheduler`, or unset "
            "MNIST_DASK_SCHEDULER to score in this process."
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise Unavailable(
                f"The Dask scheduler at {address} has no workers; start some with `dask worker "
                f"{address}` in this environment, with the same settings."
            )
        yield partial(client.submit, score_here, pure=False), _CHUNKS_PER_THREAD * threads


def score_here(chunk: Chunk) -> RecordedChunk:
    """Score a chunk in this worker, with the settings and clients of its own environment.

    Raises:
        Unavailable: If the store still does not answer after the pauses of `RETRY_SECONDS`.
    """
    for pause in RETRY_SECONDS:
        try:
            return services.current().batch_scoring.score(chunk)
        except Unavailable:
            time.sleep(pause * random.uniform(1, 1.5))  # noqa: S311 - jitter
    return services.current().batch_scoring.score(chunk)
