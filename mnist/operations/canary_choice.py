"""Which version scores a batch, and on what terms a new one begins."""

import secrets
from datetime import UTC, datetime, timedelta

import structlog

from mnist.canary import CanaryTerms, draw_choice
from mnist.errors import IntegrityError, InvalidInput
from mnist.parts import Parts
from mnist.scoring.predictions import PinnedModel
from mnist.storage.journal import lineage

_LIVELY = timedelta(days=28)
"""Sources from which nothing came for so long do not count when a canary is to be chosen."""

_SEEDS = 64
"""So many are drawn; of few sources, one draw may take any share."""

_log = structlog.get_logger(__name__)


def new_terms(parts: Parts) -> CanaryTerms | None:
    """Set the terms of a canary that begins now; None if the settings ask for none."""
    settings = parts.settings
    if not settings.canary_share:
        return None
    declared = settings.acceptance_sources
    since = datetime.now(UTC) - _LIVELY
    images_of = {
        batch: sum(model.rows for model in receipt.models)
        for batch, receipt in parts.results.latest_receipts().by_batch.items()
        if receipt.run.finished_at >= since
    }
    seeds = [secrets.token_hex(8) for _ in range(_SEEDS)]
    seed, unit = draw_choice(images_of, declared, settings.canary_share, seeds)
    return CanaryTerms(
        share=settings.canary_share,
        seed=seed,
        by=unit,
        sources=declared,
        least_images=settings.canary_least_images,
        longest_hours=settings.canary_longest_hours,
        changed_share=settings.canary_changed_share,
        acceptance_drop=settings.canary_acceptance_drop,
    )


def version_for(parts: Parts, batch: str) -> PinnedModel:
    """Choose the version that scores a batch.

    What one version has begun it goes on with until there is a receipt, unless it was taken out of
    production meanwhile. Otherwise the canary scores what its terms choose, the champion the rest,
    and also that if the canary cannot be loaded: whoever judges it finds that out.

    Raises:
        NoChampion: If nothing has been promoted.
        IntegrityError: If the champion cannot be trusted.
    """
    champion = parts.registry.champion()
    canary, begun = parts.journal.canary(), parts.results.begun_by(batch)
    on_canary = None if canary is None else canary.to_version
    if begun == champion.version:
        return champion
    if begun is not None and (begun == on_canary or begun in lineage(parts.journal.entries())):
        return _loadable(parts, begun, champion)
    if canary is not None and canary.canary is not None and canary.canary.chooses(batch):
        return _loadable(parts, canary.to_version, champion)
    return champion


def _loadable(parts: Parts, version: str, champion: PinnedModel) -> PinnedModel:
    """Pin a version, or the champion where its scoring graph is lost or changed."""
    try:
        model = parts.registry.version(version)
        parts.registry.predictor(model)
    except (IntegrityError, InvalidInput) as error:
        _log.warning("scoring.version-lost", version=version, error=str(error))
        return champion
    return model
