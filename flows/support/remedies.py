"""What a run that failed says at its end: the command that would help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.logging import get_logger

from mnist.errors import MnistError
from mnist.orchestrator import command

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun, State


async def say_remedy(
    flow: Flow[..., Any],  # noqa: ARG001 - Prefect gives it by name
    flow_run: FlowRun,
    state: State[Any],
) -> None:
    """Log the command that mends what a flow run failed of, if one does; for `on_failure`."""
    error = await state.aresult(raise_on_failure=False)
    if isinstance(error, MnistError) and error.remedy is not None:
        logger = get_logger("prefect.flow_runs")
        extra = {"flow_run_id": str(flow_run.id), "flow_run_name": flow_run.name}
        logger.info("What helps: %s", command(error.remedy), extra=extra)
