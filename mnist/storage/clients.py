"""How the store is reached: obstore for data, boto3 for what obstore cannot do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from obstore.store import S3Store

from mnist.settings import Settings

if TYPE_CHECKING:
    from obstore.store import RetryConfig

MAX_RETRIES = 5
"""Attempts after the first before the store counts as unavailable; back-off is jittered."""


def data_client(settings: Settings, bucket: str, *, retries: int) -> Any:
    """Make an obstore client for the objects of one bucket; nothing is sent yet."""
    return S3Store(
        bucket,
        access_key_id=settings.s3_access_key_id.get_secret_value(),
        secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        region=settings.s3_region,
        client_options={"allow_http": True, "timeout": "30s", "connect_timeout": "3s"},
        retry_config=_retry_config(retries),
        endpoint=settings.s3_endpoint_url,
    )


def control_client(settings: Settings) -> Any:
    """Make a boto3 client for buckets, policies and keys that obstore refuses."""
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        aws_access_key_id=settings.s3_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        region_name=settings.s3_region,
        config=Config(retries={"mode": "standard", "max_attempts": MAX_RETRIES}, connect_timeout=3),
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
