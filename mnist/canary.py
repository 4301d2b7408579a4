"""A canary: a version that scores a share of the sources before it is champion for all of them."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from mnist.acceptance.sources import source_of

CANARY_PASSED = "canary-passed"
CANARY_FAILED = "canary-failed"
CANARY_UNDECIDED = "canary-undecided"
"""Verdicts on a canary, where the gates' own would be."""

CANARY_VERDICTS = frozenset({CANARY_PASSED, CANARY_FAILED, CANARY_UNDECIDED})


class CanaryTerms(BaseModel, frozen=True):
    """What a canary scores and how it is judged: set when it begins, and kept to its end."""

    share: float = Field(gt=0, lt=1, description="of the sources, or of the batches")
    seed: str = Field(min_length=1, description="of the choice")
    by: Literal["source", "batch"] = Field(description="what is chosen")
    sources: str | None = Field(description="declared sources when it began")
    least_images: int = Field(ge=1, description="images from which on it is judged for good")
    longest_hours: float = Field(gt=0, description="time after which it ends with fewer images")
    changed_share: float = Field(gt=0, lt=1, description="tolerable share of changed digits")
    acceptance_drop: float = Field(gt=0, lt=1, description="tolerable drop of acceptance")

    def chooses(self, batch: str) -> bool:
        """Tell whether the canary scores a batch: the same answer in every process."""
        unit = f"{batch}/" if self.by == "batch" else source_of(batch, self.sources)
        return _draw(self.seed, unit) < self.share

    def ends(self, began: datetime) -> datetime:
        """Say when it ends at the latest."""
        return began + timedelta(hours=self.longest_hours)

    @property
    def sentence(self) -> str:
        """Say for people what it scores."""
        what = "sources" if self.by == "source" else "batches"
        return f"{self.share:.0%} of the {what}, drawn by the hash of their names"


def draw_choice(
    images_of: Mapping[str, int], declared: str | None, share: float, seeds: Sequence[str]
) -> tuple[str, Literal["source", "batch"]]:
    """Say what a canary is to be chosen by, and with which of some seeds.

    By source, with the seed that brings it closest to its share of the images; unless each of them
    would leave it without any source, or the other version: then batch by batch.

    Args:
        images_of: Batch -> images, of those that there were lately.
        declared: Sources, as `MNIST_ACCEPTANCE_SOURCES` has them.
        share: Of the images, 0-1.
        seeds: At least one, drawn at random.
    """
    images: Counter[str] = Counter()
    for batch, count in images_of.items():
        images[source_of(batch, declared)] += count
    distances = {}
    for seed in seeds:
        taken = [source for source in images if _draw(seed, source) < share]
        if 0 < len(taken) < len(images):
            reached = sum(images[source] for source in taken) / max(1, images.total())
            distances[seed] = abs(reached - share)
    if not distances:
        return seeds[0], "batch"
    return min(distances, key=distances.__getitem__), "source"


def named(batches: Sequence[str], most: int = 5) -> str:
    """Name the first of some batches for people."""
    rest = f" and {len(batches) - most} more" if len(batches) > most else ""
    return f"{', '.join(batches[:most])}{rest}" if batches else "none with a receipt"


def _draw(seed: str, unit: str) -> float:
    """Draw a number of 0-1: the same for the same seed and name."""
    digest = hashlib.sha256(f"{seed}\0{unit}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8]) / 2.0**64
