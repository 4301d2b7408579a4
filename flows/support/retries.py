"""Tasks that are tried again where another attempt can mend the failure."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from mnist.errors import Unavailable

RETRY_SECONDS: list[float] = [2, 8, 30]
"""Pauses before a chunk is tried again; jitter comes on top."""

P = ParamSpec("P")
R = TypeVar("R")


def retried_task(
    name: str, seconds: list[float] = RETRY_SECONDS
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a task that is tried again, after these pauses, while a service does not answer."""
    return task(
        name=name,
        cache_policy=NO_CACHE,
        retries=len(seconds),
        retry_delay_seconds=seconds,
        retry_jitter_factor=0.5,
        retry_condition_fn=is_worth_a_retry,
    )


async def is_worth_a_retry(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what another attempt can mend."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, Unavailable)
