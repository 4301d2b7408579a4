"""Settings of acceptance: what is promised about accepted predictions, and who watches it."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class AcceptanceSettings(BaseSettings):
    """What is promised about accepted predictions, and how many of them are audited."""

    max_accepted_error_rate: float = Field(
        0.002, gt=0, lt=1, description="tolerable share of wrong readings among accepted ones"
    )
    cautious_confidence: float = Field(
        0.998, ge=0, le=1, description="least confidence of accepted ones before there is evidence"
    )
    acceptance_sources: str | None = Field(
        None, description="beginnings of batch names that make one source, with commas"
    )
    audit_share: float = Field(
        0.02, ge=0, le=1, description="share of predictions that people look at although accepted"
    )
    audit_key: SecretStr | None = Field(
        None, description="makes the draw of audits unforeseeable; unset: anybody could tell"
    )

    @property
    def audit_key_bytes(self) -> bytes:
        """The key of the draw; empty if none is set."""
        return self.audit_key.get_secret_value().encode() if self.audit_key else b""
