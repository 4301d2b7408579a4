"""Where training flows get their parts from. Kept apart: Keras and MLflow take ten seconds."""

from functools import cache

from flows import wiring
from mnist.comparing import Comparing
from mnist.registry.aliases import Aliases
from mnist.registry.comparisons import ComparisonLog
from mnist.registry.publishing import Publisher
from mnist.retraining import Retraining


@cache
def aliases() -> Aliases:
    """The aliases of the registered model and their journal."""
    settings = wiring.cached_settings()
    return Aliases(settings.mlflow_tracking_uri, settings.model_name, wiring.journal())


@cache
def retraining() -> Retraining:
    """The steps of retraining."""
    settings = wiring.cached_settings()
    publisher = Publisher(
        settings.mlflow_tracking_uri, settings.experiment_name, settings.model_name
    )
    return Retraining(settings, publisher, wiring.registry_reader(), aliases(), wiring.journal())


@cache
def comparing() -> Comparing:
    """The steps of comparing models."""
    settings = wiring.cached_settings()
    log = ComparisonLog(settings.mlflow_tracking_uri, f"{settings.experiment_name}-comparisons")
    return Comparing(settings, log)
