"""What every process works with: store, registry and orchestrator, each made when first asked for.

What is slow to import, as MLflow is, is imported when the part is made.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from mnist.images import Limits
from mnist.orchestrator import PrefectApi
from mnist.storage.acceptance import AcceptanceLog
from mnist.storage.annotations import AnnotationLog
from mnist.storage.audit import AuditLog
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import with_sure_writes
from mnist.storage.current import CurrentRows
from mnist.storage.deliveries import Deliveries
from mnist.storage.gate_slices import GateSlices
from mnist.storage.inbox import Inbox
from mnist.storage.journal import Journal
from mnist.storage.last_values import LastValues
from mnist.storage.layouts import StoredLayouts
from mnist.storage.lease import Lease
from mnist.storage.monitoring import MonitoringLog
from mnist.storage.pages import PageCounts
from mnist.storage.rescores import Rescores
from mnist.storage.results import Results
from mnist.storage.reviews import ReviewLog
from mnist.storage.saved_views import SavedViews
from mnist.storage.signing import Signing
from mnist.storage.stored_sets import StoredSets
from mnist.storage.verdicts import VerdictLog
from mnist.storage.verifications import VerificationLog
from mnist.storage.zip_directory import ZipLimits

if TYPE_CHECKING:
    from mnist.registry.aliases import Aliases
    from mnist.registry.catalogue import Catalogue
    from mnist.registry.comparisons import ComparisonLog
    from mnist.registry.publishing import Publisher
    from mnist.registry.reader import RegistryReader
    from mnist.settings import Settings
    from mnist.storage.object_log import ObjectLog
    from mnist.webhook import Webhook


class Parts:
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

    def bucket(self, name: str) -> Bucket:
        """Open a bucket of the store; nothing is sent yet."""
        return Bucket.on_s3(self.settings, name)

    @cached_property
    def inbox(self) -> Inbox:
        """The bucket people put images into."""
        limits = ZipLimits(
            max_members=self.settings.max_zip_members,
            max_ratio=self.settings.max_zip_ratio,
            max_plain_bytes=self.settings.max_image_bytes,
        )
        bucket = self.bucket(self.settings.inbox_bucket)
        return Inbox(bucket, limits, self.page_counts, Limits.of(self.settings), self.layouts)

    @cached_property
    def layouts(self) -> StoredLayouts:
        """The layouts by which batches were cut."""
        return StoredLayouts(self.results_bucket, Limits.of(self.settings))

    @cached_property
    def page_counts(self) -> PageCounts:
        """Which files in the inbox were found to have several pages."""
        return PageCounts(self.results_bucket)

    @cached_property
    def results_bucket(self) -> Bucket:
        """The bucket of rows, receipts, leases and the journal."""
        return self.bucket(self.settings.results_bucket)

    @cached_property
    def sure_bucket(self) -> Bucket:
        """The results bucket for those who write parts and receipts; the store is probed once."""
        return with_sure_writes(self.results_bucket, allow_plain=self.settings.allow_plain_writes)

    @cached_property
    def results(self) -> Results:
        """Rows and receipts, to look things up."""
        return Results(self.results_bucket, self.signing)

    @cached_property
    def signing(self) -> Signing:
        """Signs receipts and journal, and knows whose signatures count."""
        return Signing.of(self.results_bucket, self.settings)

    @cached_property
    def current_rows(self) -> CurrentRows:
        """The rows that count now, for those who read them."""
        return CurrentRows(self.results_bucket, self.results, self.settings.cache_dir)

    @cached_property
    def last_values(self) -> LastValues:
        """What counted last in places of earlier batches."""
        return LastValues(self.results_bucket, self.reviews, self.settings.reviews_needed)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Which receipts were announced."""
        return Deliveries(self.results_bucket)

    @cached_property
    def webhook(self) -> Webhook | None:
        """Where programs are told that a batch is complete; None if nobody said where."""
        from mnist.webhook import Webhook

        url, secret = self.settings.webhook_url, self.settings.webhook_secret
        return Webhook(url, secret) if url else None

    @cached_property
    def rescores(self) -> Rescores:
        """Predictions of other versions beside those of production."""
        return Rescores(self.results_bucket)

    @cached_property
    def journal(self) -> Journal:
        """Every promotion decision ever made."""
        return Journal(self.results_bucket, self.signing)

    @cached_property
    def decisions(self) -> Journal:
        """The journal for those who write to it; the store is probed once."""
        return Journal(self.sure_bucket, self.signing)

    @cached_property
    def acceptance(self) -> AcceptanceLog:
        """From which confidence on predictions are accepted, and on what evidence."""
        cautious = self.settings.cautious_confidence
        return AcceptanceLog(self.results_bucket, self.signing, cautious)

    @cached_property
    def gate_slices(self) -> GateSlices:
        """Slices that people made permanent gates."""
        return GateSlices(self.results_bucket)

    @cached_property
    def verifications(self) -> VerificationLog:
        """Which receipts were held against their rows."""
        return VerificationLog(self.results_bucket)

    @cached_property
    def audit(self) -> AuditLog:
        """What people changed from the dashboard."""
        return AuditLog(self.results_bucket)

    @cached_property
    def monitoring_log(self) -> MonitoringLog:
        """Findings about days, and the rows that days are compared with."""
        return MonitoringLog(self.results_bucket)

    @cached_property
    def reviews(self) -> ReviewLog:
        """What people have said of images."""
        return ReviewLog(self.bucket(self.settings.labels_bucket))

    @cached_property
    def verdicts(self) -> VerdictLog:
        """What people said of misclassified images: whose fault it was."""
        return VerdictLog(self.bucket(self.settings.labels_bucket))

    @cached_property
    def annotations(self) -> AnnotationLog:
        """Notes and tags of people on images."""
        return AnnotationLog(self.bucket(self.settings.labels_bucket))

    @cached_property
    def saved_views(self) -> SavedViews:
        """Pages of the dashboard that people gave names."""
        return SavedViews(self.bucket(self.settings.labels_bucket))

    @cached_property
    def stored_sets(self) -> StoredSets:
        """Labelled sets that were imported."""
        return StoredSets(self.bucket(self.settings.labels_bucket))

    def logs(self) -> list[ObjectLog[Any]]:
        """Every log that is kept in objects, for who looks for damage."""
        return [
            self.journal.log,
            self.acceptance.log,
            self.gate_slices.log,
            self.verifications.log,
            self.audit.log,
            self.monitoring_log.reports,
            self.monitoring_log.references,
            self.results.receipt_log,
            self.deliveries.log,
            self.reviews.log,
            self.verdicts.log,
            self.annotations.log,
            self.saved_views.log,
            self.stored_sets.log,
        ]

    def lease(
        self, batch: str, run: str, wait_seconds: float, *, may_be_empty: bool = False
    ) -> Lease:
        """The right to work on a batch.

        Args:
            batch: Name of the batch.
            run: Who wants it.
            wait_seconds: How long to wait for another holder.
            may_be_empty: Whether it is known to exist, although its images may be gone by now.

        Raises on entry:
            InvalidBatch: If it has neither images in the inbox nor rows.
        """

        def require_batch() -> None:
            if (
                not may_be_empty
                and not self.inbox.holds(batch)
                and not self.results.part_keys(batch)
            ):
                raise self.inbox.unknown(batch)

        return Lease(
            self.sure_bucket,
            batch,
            run,
            seconds=self.settings.lease_seconds,
            wait_seconds=wait_seconds,
            require_batch=require_batch,
        )

    @cached_property
    def registry(self) -> RegistryReader:
        """The champion and its scoring graph, without importing MLflow."""
        from mnist.registry.reader import RegistryReader

        return RegistryReader(self.settings, self.journal)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Versions, evaluations and training runs, for people."""
        from mnist.registry.catalogue import Catalogue

        return Catalogue(self.settings, self.journal)

    @cached_property
    def aliases(self) -> Aliases:
        """The aliases of the registered model; imports MLflow."""
        from mnist.registry.aliases import Aliases

        return Aliases(self.settings, self.decisions)

    @cached_property
    def publisher(self) -> Publisher:
        """Where runs, versions and decisions are filed; imports MLflow."""
        from mnist.registry.publishing import Publisher

        return Publisher(self.settings)

    def comparison_log(self, kind: str) -> ComparisonLog:
        """Where comparisons of a kind (`comparisons`, `pipelines`) are filed; imports MLflow."""
        from mnist.registry.comparisons import ComparisonLog

        return ComparisonLog(self.settings, kind)

    @cached_property
    def prefect(self) -> PrefectApi:
        """Prefect over REST, without importing Prefect."""
        return PrefectApi(
            self.settings.prefect_api_url,
            self.settings.prefect_login,
            page_url=self.settings.prefect_public_url,
        )
