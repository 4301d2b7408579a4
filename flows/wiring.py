"""Where flows get their parts from: settings read once, clients made once per process."""

from __future__ import annotations

from functools import cache

from mnist.operations.batches import BatchScoring
from mnist.operations.rescoring import Rescoring
from mnist.operations.sweeping import Sweeper
from mnist.registry.journal import Journal
from mnist.registry.reader import RegistryReader
from mnist.scoring.completion import CompletionRule
from mnist.settings import load_settings
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import with_sure_writes
from mnist.storage.inbox import Inbox
from mnist.storage.lease import Lease, holder
from mnist.storage.rescores import Rescores
from mnist.storage.results import Results
from mnist.storage.reviews import ReviewLog
from mnist.storage.verifications import VerificationLog
from mnist.storage.zip_directory import ZipLimits

cached_settings = cache(load_settings)


@cache
def inbox() -> Inbox:
    """The bucket people drop images into."""
    settings = cached_settings()
    zip_limits = ZipLimits(settings.max_zip_members, settings.max_zip_ratio)
    return Inbox(Bucket.on_s3(settings, settings.inbox_bucket), zip_limits)


@cache
def results_bucket() -> Bucket:
    """The bucket of rows, receipts, leases and the journal."""
    settings = cached_settings()
    return Bucket.on_s3(settings, settings.results_bucket)


@cache
def results() -> Results:
    """Rows and receipts."""
    return Results(results_bucket())


@cache
def sure_bucket() -> Bucket:
    """The results bucket for those who write; the store is probed once in this process."""
    plain = cached_settings().allow_plain_writes
    return with_sure_writes(results_bucket(), allow_plain=plain)


@cache
def verifications() -> VerificationLog:
    """Which receipts were held against their rows."""
    return VerificationLog(sure_bucket())


@cache
def journal() -> Journal:
    """Every promotion decision ever made."""
    return Journal(results_bucket())


@cache
def review_log() -> ReviewLog:
    """What people have said of images."""
    settings = cached_settings()
    return ReviewLog(Bucket.on_s3(settings, settings.labels_bucket))


@cache
def registry_reader() -> RegistryReader:
    """The champion and its scoring graph, without importing MLflow."""
    settings = cached_settings()
    return RegistryReader(
        settings.mlflow_tracking_uri,
        settings.model_name,
        settings.cache_dir,
        auth=settings.mlflow_login,
    )


@cache
def batch_scoring() -> BatchScoring:
    """The steps of scoring a batch."""
    return BatchScoring(cached_settings(), inbox(), Results(sure_bucket()), registry_reader())


@cache
def rescoring() -> Rescoring:
    """The steps of scoring again with another model version."""
    return Rescoring(
        cached_settings(), inbox(), results(), Rescores(sure_bucket()), registry_reader()
    )


def new_sweeper() -> Sweeper:
    """What finds new images; it remembers what it has seen, so keep it."""
    settings = cached_settings()
    rule = CompletionRule(settings.settle_seconds, settings.longest_open_seconds)
    return Sweeper(inbox(), results(), settings.sweep_seconds, rule)


def lease(batch: str, run: str, wait_seconds: float) -> Lease:
    """The right to work on a batch."""
    seconds = cached_settings().lease_seconds
    return Lease(sure_bucket(), batch, run, seconds=seconds, wait_seconds=wait_seconds)


def is_held(batch: str) -> bool:
    """Tell whether some run works on a batch now, so that starting another would be noise."""
    return holder(results_bucket(), batch) is not None
