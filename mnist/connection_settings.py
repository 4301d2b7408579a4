"""Settings of the services that we are clients of, by the names that their own tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings


class ConnectionSettings(BaseSettings):
    """Where store, registry and orchestrator are, who we are there, and whom we trust."""

    s3_endpoint_url: str | None = Field(
        None,
        validation_alias=AliasChoices("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        description="S3 address; unset: that of the profile, else AWS itself",
    )
    s3_access_key_id: SecretStr | None = Field(
        None, validation_alias="AWS_ACCESS_KEY_ID", description="access key of the object store"
    )
    s3_secret_access_key: SecretStr | None = Field(
        None, validation_alias="AWS_SECRET_ACCESS_KEY", description="secret key of the object store"
    )
    s3_session_token: SecretStr | None = Field(
        None, validation_alias="AWS_SESSION_TOKEN", description="third part of temporary keys"
    )
    s3_profile: str | None = Field(
        None, validation_alias="AWS_PROFILE", description="section of the shared AWS files"
    )
    s3_region: str | None = Field(
        None,
        validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"),
        description="region of the object store; unset: that of the profile, else us-east-1",
    )
    s3_addressing: str | None = Field(
        None,
        pattern="^(path|virtual)$",
        description="where a bucket's name stands in addresses: `path` or `virtual` host",
    )

    ca_file: Path | None = Field(
        None,
        validation_alias="SSL_CERT_FILE",
        description="certificates (PEM) of all who may vouch for servers; unset: the public ones",
    )
    mlflow_tracking_uri: str = Field(
        validation_alias="MLFLOW_TRACKING_URI", description="address of the MLflow server"
    )
    mlflow_username: str | None = Field(
        None, validation_alias="MLFLOW_TRACKING_USERNAME", description="MLflow user"
    )
    mlflow_password: SecretStr | None = Field(
        None, validation_alias="MLFLOW_TRACKING_PASSWORD", description="MLflow password"
    )
    mlflow_token: SecretStr | None = Field(
        None,
        validation_alias="MLFLOW_TRACKING_TOKEN",
        description="token instead of user and password",
    )
    prefect_api_url: str | None = Field(
        None, validation_alias="PREFECT_API_URL", description="address of Prefect's API"
    )
    prefect_auth: SecretStr | None = Field(
        None, validation_alias="PREFECT_API_AUTH_STRING", description="`name:password` for it"
    )

    @field_validator("ca_file")
    @classmethod
    def _exists(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError("there is no such file")
        return file

    @model_validator(mode="after")
    def _keys_are_whole(self) -> Self:
        access_key, secret_key, token = self.s3_keys
        if bool(access_key) != bool(secret_key) or (token and not access_key):
            raise ValueError(
                "of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN set the first "
                "two, all three for temporary keys, or none"
            )
        return self

    @property
    def s3_keys(self) -> tuple[str | None, str | None, str | None]:
        """Access key, secret key and session token; None for what is not set."""
        secrets = (self.s3_access_key_id, self.s3_secret_access_key, self.s3_session_token)
        access_key, secret_key, token = (
            secret.get_secret_value() if secret else None for secret in secrets
        )
        return access_key, secret_key, token

    @property
    def prefect_login(self) -> tuple[str, str] | None:
        """Name and password for Prefect, if it asks for them."""
        if self.prefect_auth is None:
            return None
        name, _, password = self.prefect_auth.get_secret_value().partition(":")
        return name, password

    @property
    def mlflow_login(self) -> tuple[str, str] | None:
        """Name and password for MLflow, if both are set."""
        if self.mlflow_username is None or self.mlflow_password is None:
            return None
        return self.mlflow_username, self.mlflow_password.get_secret_value()
