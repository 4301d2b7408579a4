"""Promote a version on a person's word: measured like any candidate, and moved whatever comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.support import artifacts, events
from flows.support.parameters import Text, Version
from flows.support.remedies import say_remedy
from mnist import services
from mnist.operations.approval import Statement
from mnist.storage.journal import CANARY

if TYPE_CHECKING:
    from mnist.operations.gates import Judgement


@task(name="judge", cache_policy=NO_CACHE)
def judge(version: str) -> Judgement:
    """Measure the version against the champion."""
    interventions = services.current().interventions
    return artifacts.judged(lambda progress: interventions.judge(version, progress))


@flow(name="promote", flow_run_name="promote-{version}", on_failure=[say_remedy])
def promote(
    version: Version,
    who: Text,
    why: Text,
    canary: bool = False,  # noqa: FBT001, FBT002 -- a field of Prefect's form
) -> dict[str, Any]:
    """Make a version champion because a named person says so.

    The gates measure it all the same, and what they find is recorded beside the person's reason.
    A version whose scoring graph cannot be loaded is refused even so.

    Args:
        version: Number of the registered version, as MLflow shows it.
        who: Name of the person who answers for it.
        why: Their reason, for those who read the journal.
        canary: Let it score a share of the sources first (MNIST_CANARY_SHARE). Without this it
            scores everything at once, and a canary that goes on is ended by it.

    Returns:
        The journal entry.

    Raises:
        InvalidInput: If name or reason are missing, the version does not exist, it is champion
            already, or it cannot begin on canary.
        IntegrityError: If its scoring graph is lost or not the one that was registered.
        Unavailable: If the registry or the store does not answer.
    """
    statement = Statement(who, why)
    interventions = services.current().interventions
    if canary:
        interventions.terms()  # said before any time is spent
    judgement = judge(version)
    terms = interventions.terms() if canary else None
    entry, report = interventions.promote(version, statement, judgement, terms)
    artifacts.publish_decision(entry, report)
    if entry.action == CANARY:
        events.decided(entry)
    get_run_logger().info("%s %s", artifacts.statement(entry), " ".join(entry.reasons))
    return entry.model_dump(mode="json")
