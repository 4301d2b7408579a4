"""Workers that are killed with SIGKILL at a step of the pipeline."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mnist.scoring.receipts import Receipt
from mnist.settings import Settings
from tests.chaos.faults import nth
from tests.chaos.proxy import FaultyProxy, faulty
from tests.chaos.worker import start, work
from tests.factories import OneModel

_JOIN_SECONDS = 60


@dataclass(frozen=True)
class Step:
    """A request by which a step of the pipeline is known, and whether the store still hears it."""

    name: str
    when: str
    method: str
    path: str
    number: int = 1
    since: str = ""

    def __str__(self) -> str:
        """Name it in the table and in the test's id."""
        return f"SIGKILL: {self.name}"


@contextmanager
def killed_at(
    step: Step, settings: Settings, folder: Path
) -> Iterator[tuple[Receipt, FaultyProxy]]:
    """Kill one worker at a step, and let another one do the work.

    Args:
        step: Where.
        settings: Of the store.
        folder: Where the model goes.

    Yields:
        The second worker's receipt, and the proxy that both went through.
    """
    registry = OneModel(folder)
    assert settings.s3_endpoint_url
    choice = nth(step.number, step.method, step.path, step.since)
    with faulty(settings.s3_endpoint_url, step.when, choice) as proxy:
        faced = settings.model_copy(update={"s3_endpoint_url": proxy.url})
        victim = start(faced, partial(OneModel, folder), "run-1")
        proxy.happens = victim.kill
        victim.join(_JOIN_SECONDS)
        assert victim.exitcode == -signal.SIGKILL
        yield work(faced, registry, "run-2"), proxy
