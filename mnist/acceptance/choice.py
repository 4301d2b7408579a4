"""Which threshold a source of images gets, and on what evidence that rests."""

from collections import defaultdict
from collections.abc import Sequence

from mnist.acceptance.sources import ALL_SOURCES, Basis, SourceThreshold, threshold_for
from mnist.acceptance.thresholds import (
    GRID,
    NOTHING_ACCEPTED,
    JudgedPredictions,
    Promise,
    joined,
    proven_threshold,
)

LEAST_LABELS = 100
"""Labelled predictions from which on a source is judged by its own."""


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


def _not_broken(predictions: JudgedPredictions, promise: Promise, start: float) -> float:
    """Go up from a threshold until the labels no longer show that the promise is broken."""
    for threshold in [start, *(t for t in reversed(GRID.tolist()) if t > start)]:
        accepted, wrong = predictions.accepted(threshold)
        if not promise.is_broken(wrong, accepted):
            return float(threshold)
    return NOTHING_ACCEPTED
