"""Where training flows get their parts from. Kept apart: Keras and MLflow take ten seconds."""

from functools import cache

from flows import wiring
from mnist.operations.comparing import Comparing
from mnist.operations.comparing_pipelines import ComparingPipelines
from mnist.operations.gates import Gates
from mnist.operations.interventions import Interventions
from mnist.operations.relabelling import Relabelling
from mnist.operations.retraining import Retraining
from mnist.registry.aliases import Aliases
from mnist.registry.comparisons import ComparisonLog
from mnist.registry.gate_slices import GateSlices
from mnist.registry.publishing import Publisher


@cache
def aliases() -> Aliases:
    """The aliases of the registered model and their journal."""
    settings = wiring.cached_settings()
    return Aliases(settings.mlflow_tracking_uri, settings.model_name, wiring.journal())


@cache
def publisher() -> Publisher:
    """Where runs, versions and decisions are filed."""
    settings = wiring.cached_settings()
    return Publisher(settings.mlflow_tracking_uri, settings.experiment_name, settings.model_name)


@cache
def gates() -> Gates:
    """What measures and judges candidates."""
    return Gates(
        wiring.cached_settings(),
        wiring.registry_reader(),
        aliases(),
        wiring.journal(),
        wiring.inbox(),
        wiring.results(),
        GateSlices(wiring.results_bucket()),
    )


@cache
def retraining() -> Retraining:
    """The steps of retraining."""
    return Retraining(
        wiring.cached_settings(),
        publisher(),
        wiring.registry_reader(),
        aliases(),
        wiring.journal(),
        gates(),
        relabelling(),
    )


@cache
def relabelling() -> Relabelling:
    """What people have labelled."""
    return Relabelling(
        wiring.cached_settings(), wiring.review_log(), wiring.inbox(), wiring.registry_reader()
    )


@cache
def interventions() -> Interventions:
    """What a person may do to the champion."""
    return Interventions(
        wiring.cached_settings().data_dir,
        publisher(),
        aliases(),
        wiring.journal(),
        gates(),
        wiring.results(),
    )


@cache
def comparing() -> Comparing:
    """The steps of comparing models."""
    settings = wiring.cached_settings()
    log = ComparisonLog(settings.mlflow_tracking_uri, f"{settings.experiment_name}-comparisons")
    return Comparing(settings, log)


@cache
def comparing_pipelines() -> ComparingPipelines:
    """The steps of comparing preprocessing pipelines."""
    settings = wiring.cached_settings()
    log = ComparisonLog(settings.mlflow_tracking_uri, f"{settings.experiment_name}-pipelines")
    return ComparingPipelines(settings, wiring.registry_reader(), log)
