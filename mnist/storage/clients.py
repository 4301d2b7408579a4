"""How the store is reached: obstore for data, boto3 for what obstore cannot do.

botocore decides for both: which address, region and style of address, and whose credentials.
obstore is given what botocore found, each point as an argument, because what it finds in the
environment for itself (`AWS_SESSION_TOKEN`, `AWS_SKIP_SIGNATURE`, an address) would count instead.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
)
from botocore.loaders import create_loader
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store
from urllib3 import HTTPResponse

from mnist.errors import InvalidSettings, Unavailable
from mnist.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

MAX_RETRIES = 5
"""Attempts after the first before the store counts as unavailable; back-off is jittered."""

DEFAULT_REGION = "us-east-1"
"""Where neither the environment nor the profile names one."""

_BEFORE_SENDING = "before-send.s3.HeadBucket"

_CREDENTIALS_LIFETIME = timedelta(minutes=10)
"""botocore fetches temporary credentials anew when they hold for less than ten minutes more."""


class StoreClients:
    """Both clients of one store, from one session.

    Attributes:
        control: boto3's client, for buckets, policies and keys that obstore refuses.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing is sent, unless a role's credentials have to be fetched first.

        Raises:
            InvalidSettings: If there are no credentials, or the profile or address is none.
            Unavailable: If the service that hands out a role's credentials does not answer.
        """
        self._ca_file = settings.ca_file
        try:
            session = _session(settings)
            self.control = session.client(
                "s3",
                endpoint_url=settings.s3_endpoint_url,
                verify=str(settings.ca_file) if settings.ca_file else None,
                config=_control_config(settings.s3_addressing),
            )
            credentials = session.get_credentials()
        except (CredentialRetrievalError, MetadataRetrievalError, HTTPClientError) as error:
            raise Unavailable(
                f"The credentials of this machine's role could not be fetched: {error}; check the "
                "role and its endpoint, then run again."
            ) from error
        except (BotoCoreError, ValueError) as error:
            raise InvalidSettings(
                f"The settings do not describe an object store: {error}; check AWS_ENDPOINT_URL, "
                "AWS_REGION and AWS_PROFILE."
            ) from error
        if credentials is None:
            raise InvalidSettings(
                "There are no credentials for the object store: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, name a profile in AWS_PROFILE, or give the container or "
                "machine a role."
            )
        self._provider = Boto3CredentialProvider(session, ttl=_CREDENTIALS_LIFETIME)

    def data(self, bucket: str, *, retries: int) -> Any:
        """Make an obstore client for the objects of one bucket.

        Raises:
            InvalidSettings: If the bucket's name is none.
        """
        url, is_virtual_host = self._address(bucket)
        return S3Store(
            bucket,
            credential_provider=self._provider,
            region=self.control.meta.region_name,
            endpoint=url,
            aws_endpoint_url_s3=url,
            virtual_hosted_style_request=is_virtual_host,
            skip_signature=False,
            s3_express=False,
            conditional_put="etag",
            client_options=self._client_options(),
            retry_config=_retry_config(retries),
        )

    def _address(self, bucket: str) -> tuple[str, bool]:
        """Ask botocore where this bucket is, and whether its name is part of the host's.

        It makes a request ready, which is taken from it before it is sent.
        """
        urls: list[str] = []

        def take(request: AWSPreparedRequest, **_others: Any) -> AWSResponse:
            urls.append(request.url)
            return AWSResponse(
                request.url, HTTPStatus.OK, {}, HTTPResponse(BytesIO(), preload_content=False)
            )

        events = self.control.meta.events
        events.register_first(_BEFORE_SENDING, take)
        try:
            self.control.head_bucket(Bucket=bucket)
        except BotoCoreError as error:
            raise InvalidSettings(f"{bucket!r} cannot be a bucket: {error}.") from error
        finally:
            events.unregister(_BEFORE_SENDING, take)
        url = urls[0].rstrip("/")
        is_virtual_host = not url.endswith(f"/{bucket}")
        return (url if is_virtual_host else url.removesuffix(f"/{bucket}")), is_virtual_host

    def _client_options(self) -> ClientConfig:
        options: ClientConfig = {"allow_http": True, "timeout": "30s", "connect_timeout": "3s"}
        if self._ca_file:
            options["root_certificate"] = self._ca_file.read_bytes()
        return options


def control_client(settings: Settings) -> Any:
    """Make boto3's client alone, for buckets, policies and keys that obstore refuses."""
    return StoreClients(settings).control


def _session(settings: Settings) -> boto3.Session:
    access_key, secret_key, token = settings.s3_keys
    of_botocore = botocore.session.Session()
    of_botocore.register_component("data_loader", _descriptions())
    session = boto3.Session(
        botocore_session=of_botocore,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
        profile_name=settings.s3_profile,
        region_name=settings.s3_region,
    )
    if session.region_name is None:
        of_botocore.set_config_variable("region", DEFAULT_REGION)
    return session


@cache
def _descriptions() -> Any:
    """AWS's descriptions of its services, which take a tenth of a second to parse, once."""
    return create_loader()


def _control_config(addressing: str | None) -> Config:
    return Config(
        retries={"mode": "standard", "max_attempts": MAX_RETRIES},
        connect_timeout=3,
        s3={"addressing_style": addressing} if addressing else None,
    )


def _retry_config(retries: int) -> RetryConfig:
    return {
        "max_retries": retries,
        "retry_timeout": timedelta(seconds=20),
        "backoff": {
            "init_backoff": timedelta(seconds=0.1),
            "max_backoff": timedelta(seconds=5),
            "base": 2,
        },
    }
