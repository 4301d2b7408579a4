"""Which failures of a task another attempt can mend."""

from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from mnist.errors import Unavailable

RETRY_SECONDS: list[float] = [2, 8, 30]
"""Pauses before a chunk is tried again; jitter comes on top."""


async def is_worth_a_retry(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what another attempt can mend."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, Unavailable)
