"""A worker of the scoring pipeline: what the flow runs, without Prefect.

It can be run here, or as a process of its own that may be killed, has another clock or a full disk.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from mnist.errors import MnistError
from mnist.operations import batch_runs
from mnist.operations.batches import BatchScoring
from mnist.registry.reader import RegistryReader
from mnist.scoring import chunks
from mnist.scoring.receipts import Receipt
from mnist.settings import Settings
from mnist.storage import lease
from mnist.storage.bucket import Bucket
from tests.chaos.hosts import enter
from tests.chaos.outcomes import BATCH
from tests.factories import OneModel, SeveralModels, services_of

Registry = RegistryReader | OneModel | SeveralModels

GAVE_UP = 3
"""Exit status of a process whose work ended with an error that says what to do."""

_LEASE_SECONDS = 1
_PATIENCE_SECONDS = 60

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])  # the imports are paid once


def scoring_of(settings: Settings, registry: Any) -> BatchScoring:
    """Give the steps over the store that the settings name."""
    return services_of(settings, registry=registry).batch_scoring


def work(settings: Settings, registry: Registry, run: str) -> Receipt:
    """Take the lease, score the batch, write the receipt, give the lease back."""
    bucket = Bucket.on_s3(settings, settings.results_bucket)
    wait = {"seconds": _LEASE_SECONDS, "wait_seconds": _PATIENCE_SECONDS}
    with lease.Lease(bucket, BATCH, run, **wait):
        return work_without_lease(settings, registry, run)


def work_without_lease(settings: Settings, registry: Registry, run: str) -> Receipt:
    """Do the same as one who believes to hold the lease."""
    receipt = scoring_of(settings, registry).run(BATCH, run).receipt
    assert receipt is not None
    return receipt


def start(
    settings: Settings,
    registry: Callable[[], Registry],
    run: str,
    *,
    clock_seconds: int = 0,
    disk_is_full: bool = False,
    network: Path | None = None,
) -> BaseProcess:
    """Let a process of its own do the work.

    Args:
        settings: Where.
        registry: Makes its registry, over there.
        run: Its name.
        clock_seconds: How far its clock is ahead.
        disk_is_full: Whether no file that it writes may have a byte.
        network: On which other host; None for this one.
    """
    process = _processes.Process(
        target=_work_over_there,
        args=(settings, registry, run, clock_seconds, disk_is_full, network),
    )
    with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        process.start()  # or it would run whatever is __main__ here, after a page test a page
    return process


def _work_over_there(
    settings: Settings,
    registry: Callable[[], Registry],
    run: str,
    clock_seconds: int,
    disk_is_full: bool,  # noqa: FBT001 -- private
    network: Path | None,
) -> None:
    if network is not None:
        enter(network)
    _shift_clock(timedelta(seconds=clock_seconds))
    if disk_is_full:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        work(settings, registry(), run)
    except MnistError:
        raise SystemExit(GAVE_UP) from None


def _shift_clock(ahead: timedelta) -> None:
    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    for module in (batch_runs, chunks, lease):
        module.datetime = Shifted  # type: ignore[attr-defined]
