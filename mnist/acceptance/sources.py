"""Sources of images, and the threshold that each of them has."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, Field

from mnist.captured import CapturedFolder

ALL_SOURCES = ""
"""Name under which every source is judged that has too little evidence of its own."""


class Basis(StrEnum):
    """What a threshold rests on."""

    PROVEN = "proven"
    CAUTIOUS = "cautious"
    RAISED = "raised"

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Basis.PROVEN: "Labels of these images show that the promise is kept.",
    Basis.CAUTIOUS: "There are too few labels to prove it, so the threshold is the cautious one.",
    Basis.RAISED: "Labels showed the promise broken, so the threshold was raised.",
}


class SourceThreshold(BaseModel, frozen=True):
    """The threshold of one source, with its evidence."""

    source: str = Field(description="beginning of the keys it is for; empty for all others")
    threshold: float = Field(gt=0, description="least confidence of an accepted prediction")
    basis: Basis
    labels: int = Field(ge=0, description="predictions whose truth is known")
    accepted: int = Field(ge=0, description="of these, with at least this confidence")
    wrong: int = Field(ge=0, description="of the accepted ones")
    bound: float = Field(ge=0, le=1, description="one-sided upper bound of the share of wrong ones")
    is_broken: bool = Field(
        default=False, description="whether the threshold before it was shown to break the promise"
    )

    @property
    def sentence(self) -> str:
        """Say for people what the promise rests on."""
        name = f"Source {self.source}" if self.source else "All sources"
        if not self.accepted:
            return f"{name}: nothing audited yet. {self.basis.sentence}"
        return (
            f"{name}: {self.wrong:,} of {self.accepted:,} audited wrong, at most {self.bound:.2%}. "
            f"{self.basis.sentence}"
        )


def source_of(batch: str, declared: str | None) -> str:
    """Name the source of a batch: the longest declared beginning of its name, else the batch.

    Folders of captured images have one source for each client, if none is declared.

    Args:
        batch: Its name, the first path segment of its keys.
        declared: Beginnings of names, with commas between; None if there are none.

    Returns:
        What every key of the source begins with.
    """
    key = f"{batch}/"
    names = [name.strip() for name in (declared or "").split(",")]
    captured = CapturedFolder.of(batch)
    default = key if captured is None else captured.source
    return max((name for name in names if name and key.startswith(name)), key=len, default=default)


def threshold_for(thresholds: Sequence[SourceThreshold], key: str) -> SourceThreshold | None:
    """Find the threshold for a key: of the longest source that it begins with, else of all."""
    fitting = [one for one in thresholds if key.startswith(one.source)]
    return max(fitting, key=lambda one: len(one.source), default=None)
