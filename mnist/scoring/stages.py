"""Where the time of a run goes."""

from __future__ import annotations

from pydantic import BaseModel, Field


class StageSeconds(BaseModel, frozen=True):
    """Seconds spent in each stage, added up over threads and chunks; stages overlap."""

    read: float = Field(0, ge=0, description="waiting for the store to hand out objects")
    decode: float = Field(0, ge=0, description="hashing and decoding")
    predict: float = Field(0, ge=0, description="in the scoring graph")
    write: float = Field(0, ge=0, description="encoding parts and handing them to the store")

    def __add__(self, other: StageSeconds) -> StageSeconds:
        return StageSeconds(
            read=self.read + other.read,
            decode=self.decode + other.decode,
            predict=self.predict + other.predict,
            write=self.write + other.write,
        )

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return (
            f"Seconds of work, added up over threads: {self.read:.1f} reading, "
            f"{self.decode:.1f} decoding, {self.predict:.1f} predicting, {self.write:.1f} writing."
        )
