"""Everything a process works with, made when it is first asked for.

Flows, watcher, API, dashboard and tests make one of these from their settings and take their parts
from it. Importing this module is cheap: what a part needs is imported when the part is made, so a
process that only scores never imports MLflow or Keras.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from mnist.settings import Settings, load_settings

if TYPE_CHECKING:
    from mnist.operations.batches import BatchScoring
    from mnist.operations.comparing import Comparing
    from mnist.operations.comparing_pipelines import ComparingPipelines
    from mnist.operations.gates import Gates
    from mnist.operations.interventions import Interventions
    from mnist.operations.monitoring import Monitoring
    from mnist.operations.proposals import Proposals
    from mnist.operations.relabelling import Relabelling
    from mnist.operations.rescoring import Rescoring
    from mnist.operations.retraining import Retraining
    from mnist.operations.sweeping import Sweeper
    from mnist.orchestrator import PrefectApi
    from mnist.registry.aliases import Aliases
    from mnist.registry.catalogue import Catalogue
    from mnist.registry.comparisons import ComparisonLog
    from mnist.registry.publishing import Publisher
    from mnist.registry.reader import RegistryReader
    from mnist.storage.audit import AuditLog
    from mnist.storage.bucket import Bucket
    from mnist.storage.gate_slices import GateSlices
    from mnist.storage.inbox import Inbox
    from mnist.storage.journal import Journal
    from mnist.storage.lease import Lease
    from mnist.storage.monitoring import MonitoringLog
    from mnist.storage.object_log import ObjectLog
    from mnist.storage.rescores import Rescores
    from mnist.storage.results import Results
    from mnist.storage.reviews import ReviewLog
    from mnist.storage.verifications import VerificationLog


class Services:
    """The parts of one process, each made once.

    A part can be replaced by assigning to it before it is first used, which is what tests do.

    Args:
        settings: Where everything is.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def close(self) -> None:
        """Give back the connections to the registry; what is asked for later opens them anew."""
        for name in ("registry", "catalogue"):
            if name in vars(self):
                vars(self).pop(name).close()

    # Storage

    def bucket(self, name: str) -> Bucket:
        """Open a bucket of the store; nothing is sent yet."""
        from mnist.storage.bucket import Bucket

        return Bucket.on_s3(self.settings, name)

    @cached_property
    def inbox(self) -> Inbox:
        """The bucket people put images into."""
        from mnist.storage.inbox import Inbox
        from mnist.storage.zip_directory import ZipLimits

        limits = ZipLimits(self.settings.max_zip_members, self.settings.max_zip_ratio)
        return Inbox(self.bucket(self.settings.inbox_bucket), limits)

    @cached_property
    def results_bucket(self) -> Bucket:
        """The bucket of rows, receipts, leases and the journal."""
        return self.bucket(self.settings.results_bucket)

    @cached_property
    def sure_bucket(self) -> Bucket:
        """The results bucket for those who write parts and receipts; the store is probed once."""
        from mnist.storage.conditions import with_sure_writes

        return with_sure_writes(self.results_bucket, allow_plain=self.settings.allow_plain_writes)

    @cached_property
    def results(self) -> Results:
        """Rows and receipts, to look things up."""
        from mnist.storage.results import Results

        return Results(self.results_bucket)

    @cached_property
    def rescores(self) -> Rescores:
        """Predictions of other versions beside those of production."""
        from mnist.storage.rescores import Rescores

        return Rescores(self.results_bucket)

    @cached_property
    def journal(self) -> Journal:
        """Every promotion decision ever made."""
        from mnist.storage.journal import Journal

        return Journal(self.results_bucket)

    @cached_property
    def gate_slices(self) -> GateSlices:
        """Slices that people made permanent gates."""
        from mnist.storage.gate_slices import GateSlices

        return GateSlices(self.results_bucket)

    @cached_property
    def verifications(self) -> VerificationLog:
        """Which receipts were held against their rows."""
        from mnist.storage.verifications import VerificationLog

        return VerificationLog(self.results_bucket)

    @cached_property
    def audit(self) -> AuditLog:
        """What people changed from the dashboard."""
        from mnist.storage.audit import AuditLog

        return AuditLog(self.results_bucket)

    @cached_property
    def monitoring_log(self) -> MonitoringLog:
        """Findings about days, and the rows that days are compared with."""
        from mnist.storage.monitoring import MonitoringLog

        return MonitoringLog(self.results_bucket)

    @cached_property
    def reviews(self) -> ReviewLog:
        """What people have said of images."""
        from mnist.storage.reviews import ReviewLog

        return ReviewLog(self.bucket(self.settings.labels_bucket))

    def logs(self) -> list[ObjectLog[Any]]:
        """Every log that is kept in objects, for who looks for damage."""
        return [
            self.journal.log,
            self.gate_slices.log,
            self.verifications.log,
            self.audit.log,
            self.monitoring_log.reports,
            self.monitoring_log.references,
            self.results.receipt_log,
            self.reviews.log,
        ]

    # Registry and orchestrator

    @cached_property
    def registry(self) -> RegistryReader:
        """The champion and its scoring graph, without importing MLflow."""
        from mnist.registry.reader import RegistryReader

        return RegistryReader(
            self.settings.mlflow_tracking_uri,
            self.settings.model_name,
            self.settings.cache_dir,
            auth=self.settings.mlflow_login,
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        """Versions, evaluations and training runs, for people."""
        from mnist.registry.catalogue import Catalogue

        return Catalogue(
            self.settings.mlflow_tracking_uri,
            self.settings.experiment_name,
            self.settings.model_name,
            auth=self.settings.mlflow_login,
        )

    @cached_property
    def aliases(self) -> Aliases:
        """The aliases of the registered model; imports MLflow."""
        from mnist.registry.aliases import Aliases

        return Aliases(self.settings.mlflow_tracking_uri, self.settings.model_name, self.journal)

    @cached_property
    def publisher(self) -> Publisher:
        """Where runs, versions and decisions are filed; imports MLflow."""
        from mnist.registry.publishing import Publisher

        return Publisher(
            self.settings.mlflow_tracking_uri,
            self.settings.experiment_name,
            self.settings.model_name,
        )

    def comparison_log(self, kind: str) -> ComparisonLog:
        """Where comparisons of a kind (`comparisons`, `pipelines`) are filed; imports MLflow."""
        from mnist.registry.comparisons import ComparisonLog

        experiment = f"{self.settings.experiment_name}-{kind}"
        return ComparisonLog(self.settings.mlflow_tracking_uri, experiment)

    @cached_property
    def prefect(self) -> PrefectApi:
        """Prefect over REST, without importing Prefect."""
        from mnist.orchestrator import PrefectApi

        return PrefectApi(self.settings.prefect_api_url, self.settings.prefect_login)

    # Operations

    @cached_property
    def batch_scoring(self) -> BatchScoring:
        """The steps of scoring a batch."""
        from mnist.operations.batches import BatchScoring
        from mnist.storage.results import Results

        return BatchScoring(self.settings, self.inbox, Results(self.sure_bucket), self.registry)

    @cached_property
    def rescoring(self) -> Rescoring:
        """The steps of scoring again with another model version."""
        from mnist.operations.rescoring import Rescoring
        from mnist.storage.rescores import Rescores

        sure = Rescores(self.sure_bucket)
        return Rescoring(self.settings, self.inbox, self.results, sure, self.registry)

    def new_sweeper(self) -> Sweeper:
        """What finds new images; it remembers what it has seen, so keep it."""
        from mnist.operations.sweeping import Sweeper
        from mnist.scoring.completion import CompletionRule

        settings = self.settings
        rule = CompletionRule(settings.settle_seconds, settings.longest_open_seconds)
        return Sweeper(self.inbox, self.results, settings.sweep_seconds, rule)

    def lease(self, batch: str, run: str, wait_seconds: float) -> Lease:
        """The right to work on a batch."""
        from mnist.storage.lease import Lease

        seconds = self.settings.lease_seconds
        return Lease(self.sure_bucket, batch, run, seconds=seconds, wait_seconds=wait_seconds)

    @cached_property
    def gates(self) -> Gates:
        """What measures and judges candidates."""
        from mnist.operations.gates import Gates

        return Gates(
            self.settings,
            self.registry,
            self.aliases,
            self.journal,
            self.inbox,
            self.results,
            self.gate_slices,
        )

    @cached_property
    def relabelling(self) -> Relabelling:
        """What people have labelled, as images to learn from."""
        from mnist.operations.relabelling import Relabelling

        return Relabelling(self.settings, self.reviews, self.inbox, self.registry)

    @cached_property
    def retraining(self) -> Retraining:
        """The steps of retraining."""
        from mnist.operations.retraining import Retraining

        return Retraining(
            self.settings,
            self.publisher,
            self.registry,
            self.aliases,
            self.journal,
            self.gates,
            self.relabelling,
        )

    @cached_property
    def interventions(self) -> Interventions:
        """What a person may do to the champion."""
        from mnist.operations.interventions import Interventions

        return Interventions(
            self.settings.data_dir,
            self.publisher,
            self.aliases,
            self.journal,
            self.gates,
            self.results,
        )

    @cached_property
    def comparing(self) -> Comparing:
        """The steps of comparing models."""
        from mnist.operations.comparing import Comparing

        return Comparing(self.settings, self.comparison_log("comparisons"))

    @cached_property
    def comparing_pipelines(self) -> ComparingPipelines:
        """The steps of comparing preprocessing pipelines."""
        from mnist.operations.comparing_pipelines import ComparingPipelines

        return ComparingPipelines(self.settings, self.registry, self.comparison_log("pipelines"))

    @cached_property
    def monitoring(self) -> Monitoring:
        """The steps of watching what comes in and goes out."""
        from mnist.operations.monitoring import Monitoring

        return Monitoring(self.results, self.monitoring_log)

    @cached_property
    def proposals(self) -> Proposals:
        """What decides about retrainings that a machine proposes."""
        from mnist.operations.proposals import Proposals

        return Proposals(self.settings, self.journal, self.reviews, self.monitoring_log)


@cache
def current() -> Services:
    """The services of this process, as its environment describes them.

    Call it as `services.current()`, never at import, so that a test can put its own in its place.

    Raises:
        InvalidSettings: Naming each variable that is missing or impossible.
    """
    return Services(load_settings())
