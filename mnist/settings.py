"""Settings: what comes from the environment. Built in the wiring modules, never at import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mnist.acceptance_settings import AcceptanceSettings
from mnist.api_settings import ApiSettings
from mnist.canary_settings import CanarySettings
from mnist.connection_settings import ConnectionSettings
from mnist.errors import InvalidSettings

_PREFIX = "MNIST_"


class Settings(ConnectionSettings, AcceptanceSettings, ApiSettings, CanarySettings):
    """Where the services are and how much they may be asked to do.

    `docs/settings.md` and `.env.example` have every field; a test keeps the three in step.
    """

    # A compose file cannot leave a variable out, only leave it empty.
    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    mlflow_public_url: str | None = Field(
        None, description="where people open MLflow; unset: MLFLOW_TRACKING_URI"
    )
    prefect_public_url: str | None = Field(
        None,
        validation_alias="PREFECT_UI_URL",
        description="where people open Prefect's pages; unset: PREFECT_API_URL without /api",
    )
    inbox_bucket: str = Field("inbox", description="bucket people drop images into")
    results_bucket: str = Field("results", description="bucket for rows, receipts and leases")
    labels_bucket: str = Field("labels", description="bucket for what reviewers say of images")
    signing_key: SecretStr | None = Field(
        None, description="key that signs receipts and journal; unset: they are not signed"
    )
    trusted_keys: str | None = Field(
        None, description="public keys whose signatures count; unset: those beside the results"
    )
    model_name: str = Field("digits", description="registered model in MLflow")
    experiment_name: str = Field("digits", description="MLflow experiment of training runs")
    data_dir: Path | None = Field(
        None, description="folder with MNIST's four IDX .gz files; unset: Keras's cache or network"
    )
    fallback_digits: bool = Field(
        default=False,
        description="whether scikit-learn's digits will do where MNIST is not to be had",
    )
    cache_dir: Path = Field(Path(".cache"), description="folder for scoring graphs by digest")
    chunk_images: int = Field(2_000, ge=1, description="object versions per chunk, one task each")
    chunk_seconds: float = Field(
        60.0,
        gt=0,
        description="a chunk that takes longer records what it has; the rest is cut anew",
    )
    cpu_hour_price: float | None = Field(
        None, ge=0, description="price of an hour of CPU; receipts then say what 1,000 images cost"
    )
    read_threads: int = Field(8, ge=1, le=64, description="concurrent reads per scoring process")
    dask_scheduler: str | None = Field(
        None, description="address of a Dask scheduler whose workers score; unset: this process"
    )
    allow_plain_writes: bool = Field(
        default=False,
        description="score without conditional writes, on a weaker promise",
    )
    max_image_bytes: int = Field(20_000_000, ge=1, description="larger objects are rejected")
    max_image_pixels: int = Field(50_000_000, ge=784, description="larger images are rejected")
    max_pages: int = Field(2_000, ge=1, description="files with more pages are rejected")
    max_zip_members: int = Field(
        100_000, ge=1, description="zip archives with more members are rejected"
    )
    max_zip_ratio: int = Field(
        200, ge=1, description="members that unpack to so many times their size are rejected"
    )
    max_reject_rate: float = Field(
        0.5, ge=0, le=1, description="a batch with a larger share of rejects ends failed"
    )
    max_reject_count: int = Field(
        100_000, ge=0, description="a batch with more rejects ends failed"
    )
    lease_seconds: int = Field(30, ge=5, description="a silent run loses its batch after this")
    replay_images: int = Field(
        500, ge=0, description="production images that a candidate predicts again before promotion"
    )
    real_world_dir: Path | None = Field(
        None, description="labelled images of your own, as SET/DIGIT/FILE or SET/labels.csv"
    )
    hands_dir: Path | None = Field(
        None, description="public sets of other people's digits: Semeion, USPS, UNIPEN"
    )
    sets_share: float = Field(
        0.1, ge=0, le=1, description="share of the training images that labelled sets come to"
    )
    reviews_needed: int = Field(
        2, ge=1, description="reviewers who must say the same before a training uses a label"
    )
    max_reviewed_share: float = Field(
        0.1, ge=0, le=1, description="largest share of the training images that are reviewed ones"
    )
    retrain_least_labels: int = Field(
        200, ge=1, description="new labels that are worth a retraining nobody asked for"
    )
    retrain_least_hours: float = Field(
        48.0, ge=0, description="time between the last decision and such a retraining"
    )
    sweep_seconds: float = Field(1.0, gt=0, description="pause between two looks at the inbox")
    longest_sweep_seconds: float = Field(
        3.0, gt=0, description="the same when nothing has come for some minutes"
    )
    settle_seconds: float = Field(
        10.0, ge=0, description="a batch without new objects for so long is complete"
    )
    longest_open_seconds: float = Field(
        900.0, gt=0, description="a batch that never comes to rest gets a receipt after this"
    )
    late_batch_minutes: float = Field(
        60.0, gt=0, description="a batch that waits so long for its receipt is late"
    )
    late_decision_days: float = Field(
        8.0, gt=0, description="a week without a judged retraining, and a day, is late"
    )
    events_port: int | None = Field(
        None, ge=1, le=65_535, description="where the watcher hears the store's notifications"
    )
    events_host: str = Field("127.0.0.1", description="address that this port listens on")
    events_token: SecretStr | None = Field(
        None, min_length=16, description="what the store must send as `Authorization: Bearer`"
    )
    webhook_url: str | None = Field(
        None, pattern="^https?://", description="where programs are told that a batch is complete"
    )
    webhook_secret: SecretStr | None = Field(
        None, description="`whsec_…` that signs it; several with blanks between all sign"
    )
    dashboard_url: str | None = Field(
        None, pattern="^https?://", description="address of the dashboard, for links"
    )

    @classmethod
    def of_variables(cls, variables: Mapping[str, str]) -> Settings:
        """Read the settings from these variables alone, by the names the environment has.

        Raises:
            InvalidSettings: Naming each variable that is missing or impossible.
        """
        values = {}
        for field, names in cls.variables().items():
            if set_ones := [name for name in names if variables.get(name)]:
                values[field if names[0].startswith(_PREFIX) else names[0]] = variables[set_ones[0]]
        with _naming_variables():
            return _WithoutEnvironment.model_validate(values)

    @classmethod
    def variables(cls) -> dict[str, tuple[str, ...]]:
        """Give the environment's names of each field; of several, the first that is set counts."""
        return {name: _variables(name, field) for name, field in cls.model_fields.items()}

    @property
    def mlflow_page_url(self) -> str:
        """Address of MLflow's pages for people, without a slash at its end."""
        return (self.mlflow_public_url or self.mlflow_tracking_uri).rstrip("/")

    def dashboard_page(self, page: str, **query: str) -> str | None:
        """Address of a page of the dashboard; None if nobody said where the dashboard is."""
        if not self.dashboard_url:
            return None
        return f"{self.dashboard_url.rstrip('/')}/{page}?{urlencode(query)}".rstrip("?")


class _WithoutEnvironment(Settings):
    """Settings that are all handed in."""

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # fewer names
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library hands it in
        init_settings: PydanticBaseSettingsSource,
        **_others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave out the process's environment."""
        return (init_settings,)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        InvalidSettings: Naming each variable that is missing or impossible.
    """
    with _naming_variables():
        return Settings()


@contextmanager
def _naming_variables() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        problems = "; ".join(_problem(mistake) for mistake in error.errors(include_url=False))
        raise InvalidSettings(
            f"The environment does not describe a working system: {problems}. "
            "Run `make up` and then `. .local/env`, or see .env.example."
        ) from error


def _problem(error: ErrorDetails) -> str:
    if not error["loc"]:  # of several variables together; the input would show the keys
        return error["msg"]
    location = str(error["loc"][0])
    variable = location if location.isupper() else f"{_PREFIX}{location.upper()}"
    if error["type"] == "missing":
        return f"{variable} is not set"
    return f"{variable}: {error['msg']} (got {error['input']!r})"


def _variables(name: str, field: FieldInfo) -> tuple[str, ...]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(map(str, alias.choices))
    return (str(alias) if alias else f"{_PREFIX}{name.upper()}",)
