"""Where the flows that watch get their parts from. Kept apart: scipy takes its time to import."""

from functools import cache

from flows import wiring
from mnist.operations.monitoring import Monitoring
from mnist.operations.proposals import Proposals
from mnist.storage.monitoring import MonitoringLog


@cache
def monitoring() -> Monitoring:
    """The steps of watching what comes in and goes out."""
    return Monitoring(wiring.results(), MonitoringLog(wiring.results_bucket()))


@cache
def proposals() -> Proposals:
    """What decides about retrainings that a machine proposes."""
    return Proposals(
        wiring.cached_settings(),
        wiring.journal(),
        wiring.review_log(),
        MonitoringLog(wiring.results_bucket()),
    )
