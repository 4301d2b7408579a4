"""The likeliest values of a place, and what speaks for and against the first of them."""

from typing import NamedTuple

import numpy as np

from mnist.digits import Probabilities
from mnist.layouts.parameters import LAYOUT_PARAMETERS as P
from mnist.layouts.paths import Arcs, ScoredPath, best_paths, log_of, log_total
from mnist.layouts.results import Cut
from mnist.layouts.scoring import Features, Weights, digit_scores, skip_scores

DOUBTS = ("one", "odds", "counted", "least sure", "least like", "length")
"""What the probability that a value is right is worked out from."""

_LEAST = 1e-9


class Likeliest(NamedTuple):
    """The likeliest values.

    Attributes:
        path: The first.
        others: The next ones, the likelier first.
        doubts: Of the first, as `DOUBTS` names them.
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
    arcs: Arcs, probabilities: Probabilities, network: Features, count: int | None
) -> Likeliest | None:
    """Find the likeliest values; None if the lattice has no value of so many digits."""
    paths = best_paths(arcs, count, P.beam)
    if not paths:
        return None
    path, *others = paths
    total = log_total(arcs, count)
    share = min(float(np.exp(log_of(arcs, path.digits) - total)), 1.0)
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
    return Likeliest(path, others, doubts)


def confidence_of(doubts: tuple[float, ...], coefficients: tuple[float, ...]) -> float:
    """Probability that a whole value is right, 0-1, by logistic regression."""
    return float(1 / (1 + np.exp(-np.clip(np.dot(doubts, coefficients), -50, 50))))


def _logit(share: float) -> float:
    return float(np.log(max(share, _LEAST)) - np.log(max(1 - share, _LEAST)))
