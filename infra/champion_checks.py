"""What the doctor asks about the champion: is it what the journal says, and what is it of?"""

from datetime import UTC, datetime, timedelta

from mnist.data.data_sources import MNIST
from mnist.errors import IntegrityError, NoChampion
from mnist.services import Services

_CANARY_GRACE = timedelta(hours=2)
"""Canaries are judged once an hour at least."""


def alias_problem(services: Services) -> str | None:
    """Say so if alias and journal name different champions, and what to do."""
    try:
        return services.catalogue.alias_problem()
    finally:
        services.close()


def canary_problem(services: Services) -> str | None:
    """Say so if a version is on canary longer than it may be: then nobody judges it."""
    canary = services.journal.canary()
    if canary is None or canary.canary is None:
        return None
    end = canary.canary.ends(canary.at)
    if datetime.now(UTC) <= end + _CANARY_GRACE:
        return None
    return (
        f"version {canary.to_version} is on canary since {canary.at:%Y-%m-%d %H:%M} UTC, which was "
        f"to end at {end:%Y-%m-%d %H:%M} UTC: nobody judges it"
    )


def source_problem(services: Services) -> str | None:
    """Say so if the champion did not learn from MNIST."""
    try:
        champion = services.catalogue.champion()
    except (NoChampion, IntegrityError):  # which the check of the champion says
        return None
    finally:
        services.close()
    source = champion.tags.get("dataset", "")
    if source == MNIST:
        return None
    return (
        f"version {champion.version} learned from {source or 'images that are not recorded'}, so "
        "its numbers say nothing about MNIST"
    )
