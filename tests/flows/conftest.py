"""Flows over the services of a test: real store, real Prefect API, a small model."""

import pytest

from mnist import services
from mnist.services import Services
from mnist.settings import Settings
from tests.factories import OneModel, services_of


@pytest.fixture
def wired(
    prefect_api: None, settings: Settings, registry: OneModel, monkeypatch: pytest.MonkeyPatch
) -> Services:
    """Point the flows at this test's buckets and champion."""
    parts = services_of(settings, registry=registry)
    monkeypatch.setattr(services, "current", lambda: parts)
    return parts
