"""Settings of canaries: on how many sources a new version is tried, and how it is judged there."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class CanarySettings(BaseSettings):
    """How a version that the gates let through is tried before it scores everything."""

    canary_share: float = Field(
        0.0, ge=0, lt=1, description="share of sources that a new version scores first; 0: all"
    )
    canary_least_images: int = Field(
        1_000, ge=100, description="images from which on a canary is judged for good"
    )
    canary_longest_hours: float = Field(
        72.0, gt=0, description="time after which a canary with fewer images ends"
    )
    canary_changed_share: float = Field(
        0.05, gt=0, lt=1, description="tolerable share of images whose digit a canary changes"
    )
    canary_acceptance_drop: float = Field(
        0.03, gt=0, lt=1, description="tolerable drop of the share that is accepted"
    )
