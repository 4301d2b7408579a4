"""What the doctor asks about the champion: is it what the journal says, and what is it of?"""

from mnist.data.datasets import MNIST
from mnist.errors import IntegrityError, NoChampion
from mnist.services import Services


def alias_problem(services: Services) -> str | None:
    """Say so if alias and journal name different champions, and what to do."""
    try:
        return services.catalogue.alias_problem()
    finally:
        services.close()


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
