"""What the images of a labelled set are for: to train, to evaluate, or some of each."""

from collections.abc import Mapping
from enum import StrEnum


class Use(StrEnum):
    """What a labelled set is for."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    SPLIT = "split"


def other_use(use: Use) -> Use:
    """Give the use that an image of this use can never have."""
    return Use.EVALUATE if use is Use.TRAIN else Use.TRAIN


def use_of_content(sha256: bytes) -> Use:
    """Say what an image of an unknown writer is for in a set that is split.

    Half of all contents are on each side, and each stays there however the set grows.
    """
    return Use.EVALUATE if sha256[0] & 1 else Use.TRAIN


def assign_writers(images: Mapping[str, int], earlier: Mapping[str, Use]) -> dict[str, Use]:
    """Say on which side the images of each writer are in a set that is split.

    A writer keeps the side of an earlier import. New ones go to the side with fewer images so
    far, those with most images first, so that both halves come out about as large.

    Args:
        images: Writer -> images.
        earlier: Writer -> use in an earlier import of the set.
    """
    sides = {writer: earlier[writer] for writer in images if writer in earlier}
    totals = dict.fromkeys((Use.TRAIN, Use.EVALUATE), 0)
    for writer, use in sides.items():
        totals[use] += images[writer]
    for writer in sorted(images.keys() - sides.keys(), key=lambda name: (-images[name], name)):
        use = min(totals, key=lambda side: totals[side])
        sides[writer] = use
        totals[use] += images[writer]
    return sides
