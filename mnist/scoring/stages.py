"""Where the time of a run goes."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, ConfigDict, Field


class StageSeconds(BaseModel):
    """Seconds spent in each stage, added up over threads and chunks; stages overlap."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    # Called `read` in receipts of 0.1.0.
    fetch: float = Field(
        0,
        ge=0,
        validation_alias=AliasChoices("fetch", "read"),
        description="waiting for the store to hand out objects",
    )
    decode: float = Field(0, ge=0, description="hashing and decoding")
    predict: float = Field(0, ge=0, description="in the scoring graph")
    write: float = Field(0, ge=0, description="encoding parts and handing them to the store")

    def __add__(self, other: StageSeconds) -> StageSeconds:
        return StageSeconds(**{name: value + getattr(other, name) for name, value in self})

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return (
            f"Seconds of work, added up over threads: {self.fetch:.1f} fetching, "
            f"{self.decode:.1f} decoding, {self.predict:.1f} predicting, {self.write:.1f} writing."
        )
