"""The likeliest values of a place, and what speaks for and against the first of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist.digits import Probabilities
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.paths import (
    Arcs,
    ScoredPath,
    best_path_of,
    best_paths,
    log_of,
    log_total,
)
from mnist.layouts.results import Cut
from mnist.layouts.scoring import Features, Weights, digit_scores, skip_scores
from mnist.layouts.sequences import LineScores, log_probability, most_probable
from mnist.layouts.value_parameters import CONFIDENCE, LINE_CONFIDENCE, LINE_WEIGHT

DOUBTS = ("one", "odds", "counted", "least sure", "least like", "length")
"""What the probability that a value is right is worked out from."""

LINE_DOUBTS = (*DOUBTS, "line odds", "ahead")
"""The same, where the line network was asked too."""

_LEAST = 1e-9

_FAR = 20.0
"""Logarithms of probabilities that are farther apart are as good as this far."""


class Likeliest(NamedTuple):
    """The likeliest values.

    Attributes:
        path: The first.
        others: The next ones, the likelier first.
        doubts: Of the first, as `DOUBTS` or `LINE_DOUBTS` names them.
    """

    path: ScoredPath
    others: list[ScoredPath]
    doubts: tuple[float, ...]


def arcs_of(cut: Cut, probabilities: Probabilities, network: Features, weights: Weights) -> Arcs:
    """Score everything that may lie between the boundaries of a cut."""
    shapes = np.array([segment.shape for segment in cut.segments])
    return Arcs(
        np.array([segment.start for segment in cut.segments], np.intp),
        np.array([segment.end for segment in cut.segments], np.intp),
        digit_scores(shapes, probabilities, network, weights),
        skip_scores(dict(cut.blots), cut.last, weights),
        cut.last,
    )


def likeliest(
    arcs: Arcs,
    probabilities: Probabilities,
    network: Features,
    count: int | None,
    line: LineScores | None = None,
    line_weight: float = LINE_WEIGHT,
) -> Likeliest | None:
    """Find the likeliest values; None if the lattice has no value of so many digits.

    Args:
        arcs: The lattice.
        probabilities: Of its segments.
        network: What else the network says of them.
        count: How many digits the value has; None if any number will do.
        line: What the line network says of the whole; None if nobody has asked it.
        line_weight: Of that, beside what the lattice says.
    """
    paths = best_paths(arcs, count, P.beam)
    weighed: list[_Weighed] = []
    if line is not None:
        weighed = _weighed(arcs, paths, count, (line, line_weight))
        paths = [value.path for value in weighed]
    if not paths:
        return None
    path, *others = paths
    total = log_total(arcs, count)
    own = weighed[0].lattice if weighed else log_of(arcs, path.digits)
    share = min(float(np.exp(own - total)), 1.0)
    # Where the number of digits is declared: how probable it would have been without.
    counted = min(total - log_total(arcs, None), 0.0) if count is not None else 0.0
    chosen = list(path.segments)
    doubts = (
        1.0,
        _logit(share),
        max(counted, -20.0),
        _logit(float(probabilities[chosen].max(axis=1).min())),
        float(network[chosen, 1].max()),
        float(np.log(len(chosen))),
    )
    return Likeliest(path, others, (*doubts, *_line_doubts(weighed)))


class _Weighed(NamedTuple):
    """A value, and the logarithms that lattice, line network and both together give it."""

    path: ScoredPath
    lattice: float
    line: float
    both: float


def _weighed(
    arcs: Arcs, paths: Sequence[ScoredPath], count: int | None, heard: tuple[LineScores, float]
) -> list[_Weighed]:
    """Rank the best values of the lattice, and the one of the line network, by what both say."""
    line, weight = heard
    candidates = list(paths[: P.line_values])
    own = most_probable(line, count)
    if own not in {path.digits for path in candidates} and len(own) == (count or len(own) or 1):
        path = best_path_of(arcs, own)
        candidates += [path] if path else []
    weighed = []
    for path in candidates:
        of_line = max(log_probability(line, path.digits), -_FAR * len(path.digits))
        lattice = log_of(arcs, path.digits)
        weighed.append(_Weighed(path, lattice, of_line, lattice + weight * of_line))
    return sorted(weighed, key=lambda value: -value.both)


def _line_doubts(weighed: Sequence[_Weighed]) -> tuple[float, ...]:
    if not weighed:
        return ()
    ahead = weighed[0].both - weighed[1].both if len(weighed) > 1 else _FAR
    return _logit(float(np.exp(weighed[0].line))), min(ahead, _FAR)


def confidence_of(doubts: tuple[float, ...]) -> float:
    """Probability that a whole value is right, 0-1, by logistic regression."""
    coefficients = CONFIDENCE if len(doubts) == len(DOUBTS) else LINE_CONFIDENCE
    return float(1 / (1 + np.exp(-np.clip(np.dot(doubts, coefficients), -50, 50))))


def _logit(share: float) -> float:
    return float(np.log(max(share, _LEAST)) - np.log(max(1 - share, _LEAST)))
