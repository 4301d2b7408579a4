"""Where pages get their parts from: settings read once, clients made once per process."""

from __future__ import annotations

from functools import cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from dashboard.access.accounts import Accounts
from dashboard.prefect_api import PrefectApi
from mnist.registry.catalogue import Catalogue
from mnist.registry.reader import RegistryReader
from mnist.settings import load_settings
from mnist.storage.audit import AuditLog
from mnist.storage.bucket import Bucket
from mnist.storage.gate_slices import GateSlices
from mnist.storage.inbox import Inbox
from mnist.storage.journal import Journal
from mnist.storage.rescores import Rescores
from mnist.storage.results import Results
from mnist.storage.reviews import ReviewLog
from mnist.storage.verifications import VerificationLog
from mnist.storage.zip_directory import ZipLimits

settings = cache(load_settings)


class Orchestrator(BaseSettings):
    """Where Prefect is; nothing else of Prefect's configuration concerns a page."""

    api_url: str | None = Field(None, validation_alias="PREFECT_API_URL")
    login: SecretStr | None = Field(None, validation_alias="PREFECT_API_AUTH_STRING")

    @property
    def page_url(self) -> str | None:
        """Address of Prefect's own pages."""
        return self.api_url.rstrip("/").removesuffix("/api") if self.api_url else None


@cache
def orchestrator() -> Orchestrator:
    """Where Prefect is."""
    return Orchestrator()


@cache
def accounts() -> Accounts:
    """Who may enter.

    Raises:
        InvalidSettings: If nobody could be told from anybody else.
    """
    found = Accounts()
    found.check()
    return found


@cache
def prefect_api() -> PrefectApi:
    """The orchestrator."""
    known = orchestrator()
    name, _, password = (known.login.get_secret_value() if known.login else "").partition(":")
    return PrefectApi(known.api_url, (name, password) if name else None)


@cache
def audit_log() -> AuditLog:
    """Who changed what."""
    return AuditLog(results_bucket())


@cache
def inbox() -> Inbox:
    """The bucket people drop images into."""
    known = settings()
    zip_limits = ZipLimits(known.max_zip_members, known.max_zip_ratio)
    return Inbox(Bucket.on_s3(known, known.inbox_bucket), zip_limits)


@cache
def results_bucket() -> Bucket:
    """The bucket of rows, receipts, leases and the journal."""
    return Bucket.on_s3(settings(), settings().results_bucket)


@cache
def results() -> Results:
    """Rows and receipts."""
    return Results(results_bucket())


@cache
def rescores() -> Rescores:
    """What other versions read in images that were scored before."""
    return Rescores(results_bucket())


@cache
def verifications() -> VerificationLog:
    """Which receipts were held against their rows."""
    return VerificationLog(results_bucket())


@cache
def review_log() -> ReviewLog:
    """What people have said of images."""
    return ReviewLog(Bucket.on_s3(settings(), settings().labels_bucket))


@cache
def journal() -> Journal:
    """Every promotion decision ever made."""
    return Journal(results_bucket())


@cache
def gate_slices() -> GateSlices:
    """Slices that people made permanent gates."""
    return GateSlices(results_bucket())


@cache
def catalogue() -> Catalogue:
    """The champion, its evaluation and training runs."""
    known = settings()
    return Catalogue(
        known.mlflow_tracking_uri, known.experiment_name, known.model_name, auth=known.mlflow_login
    )


@cache
def registry_reader() -> RegistryReader:
    """The scoring graphs of all versions."""
    known = settings()
    return RegistryReader(
        known.mlflow_tracking_uri, known.model_name, known.cache_dir, auth=known.mlflow_login
    )
