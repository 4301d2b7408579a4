"""Promote a version on a person's word: measured like any candidate, and moved whatever comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.support import artifacts
from flows.support.parameters import Text, Version
from flows.support.remedies import say_remedy
from mnist import services
from mnist.operations.approval import Statement

if TYPE_CHECKING:
    from mnist.operations.gates import Judgement


@task(name="judge", cache_policy=NO_CACHE)
def judge(version: str) -> Judgement:
    """Measure the version against the champion."""
    interventions = services.current().interventions
    return artifacts.judged(lambda progress: interventions.judge(version, progress))


@flow(name="promote", flow_run_name="promote-{version}", on_failure=[say_remedy])
def promote(version: Version, who: Text, why: Text) -> dict[str, Any]:
    """Make a version champion because a named person says so.

    The gates measure it all the same, and what they find is recorded beside the person's reason.
    A version whose scoring graph cannot be loaded is refused even so.

    Args:
        version: Number of the registered version, as MLflow shows it.
        who: Name of the person who answers for it.
        why: Their reason, for those who read the journal.

    Returns:
        The journal entry.

    Raises:
        InvalidInput: If name or reason are missing, the version does not exist, or it is champion
            already.
        IntegrityError: If its scoring graph is lost or not the one that was registered.
        Unavailable: If the registry or the store does not answer.
    """
    statement = Statement(who, why)
    judgement = judge(version)
    entry, report = services.current().interventions.promote(version, statement, judgement)
    artifacts.publish_decision(entry, report)
    get_run_logger().info("%s %s", artifacts.statement(entry), " ".join(entry.reasons))
    return entry.model_dump(mode="json")
