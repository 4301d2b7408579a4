"""Asking a person in the middle of a flow run, with a time limit and a default of no."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING

from prefect import get_run_logger
from prefect.exceptions import PrefectException
from prefect.flow_runs import pause_flow_run, resume_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from mnist.operations.approval import Approval

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from mnist.operations.gates import Judgement

_POLL_SECONDS = 2

_GRACE_SECONDS = 600
"""Prefect fails a run whose pause ends unanswered; ours is answered before that."""


class Answer(RunInput):
    """What the person is asked for when the run is resumed."""

    approve: bool = Field(default=False, description="May the candidate become champion?")
    who: str = Field(default="", description="Your name; needed for a yes.")
    why: str = Field(default="", description="Your reason, for the journal; needed for a yes.")


def ask(judgement: Judgement, seconds: int) -> Approval | None:
    """Pause this run until a person has answered, or the time is over, which counts as no.

    Args:
        judgement: What the person is asked about. What the gates refuse is not asked.
        seconds: How long to wait.
    """
    if not judgement.decision.promote:
        return None
    question = (
        "The gates would promote this candidate. Approve with your name and a reason; after "
        f"{seconds} s the answer is no.\n\n{judgement.report}"
    )
    with _saying_no_after(seconds):
        answer = pause_flow_run(
            wait_for_input=Answer.with_initial_data(description=question),
            timeout=seconds + _GRACE_SECONDS,
            poll_interval=_POLL_SECONDS,
        )
    get_run_logger().info("Approval: %s %s: %s", answer.approve, answer.who or "nobody", answer.why)
    return Approval(answer.approve, answer.who, answer.why)


@contextmanager
def _saying_no_after(seconds: int) -> Iterator[None]:
    """Resume this run with a no once the time is over, unless the block was left before."""
    no = {"approve": False, "who": "", "why": f"nobody answered within {seconds} s"}
    context = copy_context()  # a thread would not know which Prefect this run belongs to
    timer = threading.Timer(seconds, context.run, (_resume, flow_run.get_id(), no))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _resume(run: UUID, answer: dict[str, object]) -> None:
    try:
        resume_flow_run(run, run_input=answer)
    except (PrefectException, ValueError):
        # Somebody answered at the same moment, or the pause ends by Prefect's own limit: either
        # way nothing is promoted by silence.
        return
