"""Signs of life of a run, for `end_stale_runs`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

from prefect.events import emit_event

HEARTBEAT = "prefect.flow-run.heartbeat"
"""The event that Prefect's own thread emits as well."""

_SECONDS = 30.0


def beat(run: str) -> None:
    """Announce once that the flow run of this id lives."""
    emit_event(HEARTBEAT, {"prefect.resource.id": f"prefect.flow-run.{run}"})


@contextmanager
def heartbeats(run: str, seconds: float = _SECONDS) -> Iterator[None]:
    """Announce now and then that a run lives, until the block ends.

    Prefect does so itself where it is told to, but its thread sleeps for whole seconds and every
    run waits for it at its end. This one wakes up at once.

    Args:
        run: Id of the flow run.
        seconds: Pause between two announcements.
    """
    is_over = threading.Event()

    def go_on() -> None:
        while True:
            beat(run)
            if is_over.wait(seconds):
                return

    # In a copy of this context, or a thread knows only the settings of the process.
    thread = threading.Thread(target=copy_context().run, args=(go_on,), name=HEARTBEAT, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
