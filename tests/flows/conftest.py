"""Flows wired to the services of a test: real store, real Prefect API, a small model."""

import pytest

from flows import training_wiring, wiring
from mnist.settings import Settings
from tests.factories import OneModel


@pytest.fixture
def registry(tmp_path) -> OneModel:
    """A registry with one champion that reads drawn digits."""
    return OneModel(tmp_path)


@pytest.fixture
def wired(
    prefect_api: None, settings: Settings, registry: OneModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Point the flows at this test's buckets and champion."""
    monkeypatch.setattr(wiring, "cached_settings", lambda: settings)
    monkeypatch.setattr(wiring, "registry_reader", lambda: registry)
    caches = [wiring.inbox, wiring.results_bucket, wiring.results, wiring.batch_scoring]
    caches += [
        wiring.journal,
        wiring.rescoring,
        wiring.sure_bucket,
        training_wiring.aliases,
        training_wiring.gates,
    ]
    caches += [training_wiring.publisher, training_wiring.retraining, training_wiring.interventions]
    caches += [wiring.verifications, wiring.review_log, training_wiring.relabelling]
    for cached in caches:
        cached.cache_clear()
