"""Which threshold a source of images gets, and on what evidence that rests."""

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, Field

from mnist.acceptance.thresholds import (
    GRID,
    NOTHING_ACCEPTED,
    JudgedPredictions,
    Promise,
    joined,
    proven_threshold,
)
from mnist.captured import CapturedFolder

ALL_SOURCES = ""
"""Name under which every source is judged that has too little evidence of its own."""

LEAST_LABELS = 100
"""Labelled predictions from which on a source is judged by its own."""


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
    of_values: bool = Field(
        default=False, description="whether it is for values of several digits, each as a whole"
    )

    @property
    def sentence(self) -> str:
        """Say for people what the promise rests on."""
        name = f"Source {self.source}" if self.source else "All sources"
        if self.of_values:
            name = f"Values of {name[0].lower()}{name[1:]}"
        if not self.accepted:
            return f"{name}: nothing audited yet. {self.basis.sentence}"
        return (
            f"{name}: {self.wrong:,} of {self.accepted:,} audited wrong, at most {self.bound:.2%}. "
            f"{self.basis.sentence}"
        )


def choose_threshold(
    predictions: JudgedPredictions,
    promise: Promise,
    *,
    cautious: float,
    present: float,
    least: float = 0.0,
) -> SourceThreshold:
    """Choose the threshold of a source.

    Where the labels prove one, that. Otherwise the cautious one, unless labels show that even
    this breaks the promise: then the least stricter one that they do not show to break it.

    Args:
        predictions: Of images of this source that were drawn without regard to what the model
            predicts for them, with their truth.
        promise: What is to be kept.
        cautious: The threshold without evidence.
        present: The threshold until now.
        least: No lower threshold is chosen.
    """
    proven = proven_threshold(predictions, promise)
    start, basis = (cautious, Basis.CAUTIOUS) if proven is None else (proven, Basis.PROVEN)
    start = max(start, least)
    threshold = _not_broken(predictions, promise, start)
    accepted, wrong = predictions.accepted(threshold)
    before, before_wrong = predictions.accepted(present)
    return SourceThreshold(
        source=predictions.source,
        threshold=threshold,
        basis=basis if threshold == start else Basis.RAISED,
        labels=len(predictions.confidence),
        accepted=accepted,
        wrong=wrong,
        bound=promise.upper(wrong, accepted),
        is_broken=promise.is_broken(before_wrong, before),
    )


def choose_thresholds(
    evidence: Sequence[JudgedPredictions],
    promise: Promise,
    *,
    cautious: float,
    present: Sequence[SourceThreshold] = (),
) -> list[SourceThreshold]:
    """Choose a threshold for each source that has enough labels, and one for all others.

    Others may be like none of these, so they get the strictest of all that are chosen.

    Args:
        evidence: Predictions with their truth; several of one source are joined.
        promise: What is to be kept.
        cautious: The threshold without evidence.
        present: The thresholds until now.

    Returns:
        That of all sources first, under the empty name, then by name.
    """
    by_source: dict[str, list[JudgedPredictions]] = defaultdict(list)
    for part in evidence:
        by_source[part.source].append(part)
    sets = [joined(evidence, ALL_SOURCES)]
    sets += [joined(parts, source) for source, parts in sorted(by_source.items()) if source]
    chosen: list[SourceThreshold] = []
    for predictions in sets[1:] + sets[:1]:
        if predictions.source and len(predictions.confidence) < LEAST_LABELS:
            continue
        standing = threshold_for(present, predictions.source)
        threshold = choose_threshold(
            predictions,
            promise,
            cautious=cautious,
            present=cautious if standing is None else standing.threshold,
            least=0.0 if predictions.source else max((s.threshold for s in chosen), default=0.0),
        )
        chosen.append(threshold)
    return chosen[-1:] + chosen[:-1]


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


def _not_broken(predictions: JudgedPredictions, promise: Promise, start: float) -> float:
    """Go up from a threshold until the labels no longer show that the promise is broken."""
    for threshold in [start, *(t for t in reversed(GRID.tolist()) if t > start)]:
        accepted, wrong = predictions.accepted(threshold)
        if not promise.is_broken(wrong, accepted):
            return float(threshold)
    return NOTHING_ACCEPTED
