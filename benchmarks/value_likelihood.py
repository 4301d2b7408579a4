"""How probable weights make the true values, summed over all ways to cut that give them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist.layouts import Cut
from mnist.layouts.lattice import BLOT_FEATURES, SHAPE_FEATURES
from mnist.layouts.scoring import (
    NETWORK_FEATURES,
    WIDTH_FEATURES,
    network_features,
    width_features,
)
from mnist.layouts.sequences import LineScores

Array = NDArray[np.float64]
Groups = dict[int, list[NDArray[np.intp]]]

FLAT = len(SHAPE_FEATURES) + len(NETWORK_FEATURES)
SIZES = (FLAT, 1, 10 * len(WIDTH_FEATURES), len(BLOT_FEATURES))
"""Weights of a segment, of its digit's probability, of a digit's width, of what is left out."""


class Example(NamedTuple):
    """One value as the model sees it; `line` is what its line network says of the whole."""

    value: str
    kind: str
    cut: Cut
    probabilities: NDArray[np.float32]
    ood_scores: NDArray[np.float32]
    line: LineScores | None = None


class Batch:
    """Strips of one fit, padded, so that all are summed over at once.

    Args:
        examples: Strips.
        ood_threshold: Of the model.
    """

    def __init__(self, examples: Sequence[Example], ood_threshold: float) -> None:
        random = np.random.default_rng(0)
        cuts = [example.cut for example in examples]
        self.n, self.t = len(examples), max(each.last for each in cuts)
        self.owner = np.repeat(np.arange(self.n), [len(each.segments) for each in cuts])
        segments = [segment for each in cuts for segment in each.segments]
        self.start = np.array([segment.start for segment in segments])
        self.end = np.array([segment.end for segment in segments])
        shapes = np.array([segment.shape for segment in segments])
        network = np.concatenate(
            [
                network_features(
                    example.probabilities,
                    # Some models have no such score.
                    None if random.random() < 0.15 else example.ood_scores,
                    ood_threshold,
                )
                for example in examples
            ]
        )
        self.flat = np.concatenate([shapes, network], axis=1)
        self.logs = np.log(
            np.maximum(np.concatenate([e.probabilities for e in examples]).astype(float), 1e-6)
        )
        self.widths = width_features(shapes[:, 1])
        self.blots = np.zeros((self.n, self.t, len(BLOT_FEATURES)))
        self.may_skip = np.zeros((self.n, self.t), bool)
        for index, each in enumerate(cuts):
            for boundary, features in each.blots:
                self.blots[index, boundary] = features
                self.may_skip[index, boundary] = True
        self.last = np.array([each.last for each in cuts])
        self.digits = max(len(example.value) for example in examples)
        self.labels = np.zeros((self.n, self.digits), int)
        self.lengths = np.array([len(example.value) for example in examples])
        for index, example in enumerate(examples):
            self.labels[index, : self.lengths[index]] = [int(digit) for digit in example.value]

    def loss(self, theta: Array, ridge: float) -> tuple[float, Array]:
        """Negative log likelihood of the true values and its gradient."""
        flat, scale, width, blot = np.split(theta, np.cumsum(SIZES)[:-1])
        width = width.reshape(10, -1)
        scores = (self.flat @ flat)[:, None] + scale[0] * self.logs + self.widths @ width.T
        skips = np.where(self.may_skip, self.blots @ blot, -np.inf)
        free = np.logaddexp.reduce(scores, axis=1)
        total, arcs, skipped = self._sums(free[:, None], skips, np.zeros(self.n, int))
        own = scores[np.arange(len(scores))[:, None], self.labels[self.owner]]
        truth, own_arcs, own_skipped = self._sums(own, skips, self.lengths)
        usable = np.isfinite(truth)
        weights = np.zeros_like(scores)
        for place in range(self.digits):
            np.add.at(
                weights,
                (np.arange(len(scores)), self.labels[self.owner, place]),
                own_arcs[:, place],
            )
        weights -= arcs[:, :1] * np.exp(scores - free[:, None])
        weights[~usable[self.owner]] = 0
        skip_weights = np.where(usable[:, None], own_skipped - skipped, 0)
        gradient = np.concatenate(
            [
                self.flat.T @ weights.sum(axis=1),
                [float((weights * self.logs).sum())],
                (weights.T @ self.widths).ravel(),
                np.einsum("nt,ntf->f", skip_weights, self.blots),
            ]
        )
        count = max(int(usable.sum()), 1)
        loss = float((total - truth)[usable].sum()) / count + ridge * float(theta @ theta)
        return loss, -gradient / count + 2 * ridge * theta

    def unreachable(self) -> Array:
        """Tell which true values no path gives."""
        zeros = np.zeros((len(self.flat), self.digits))
        truth, *_ = self._sums(zeros, np.where(self.may_skip, 0.0, -np.inf), self.lengths)
        return ~np.isfinite(truth)

    def _sums(self, scores: Array, skips: Array, lengths: Any) -> tuple[Array, Array, Array]:
        """Sum over paths forwards and backwards.

        Returns:
            Logarithms of the sums, (n,); probability that a path takes each arc as its digit
            number i, (arcs, i); and that it skips each piece, (n, t).
        """
        repeat = scores.shape[1] == 1
        size = 1 if repeat else scores.shape[1] + 1
        step = 0 if repeat else 1
        forward = np.full((self.n, self.t + 1, size), -np.inf)
        forward[:, 0, 0] = 0
        backward = np.full((self.n, self.t + 1, size), -np.inf)
        backward[np.arange(self.n), self.last, lengths] = 0
        shape = scores.shape[1]
        for end in range(1, self.t + 1):
            forward[:, end] = forward[:, end - 1] + skips[:, end - 1, None]
            for arcs in self._by_end.get(end, []):
                owner = self.owner[arcs]
                before = forward[owner, self.start[arcs], :shape]
                part = slice(step, step + shape)
                forward[owner, end, part] = np.logaddexp(
                    forward[owner, end, part], before + scores[arcs]
                )
        for start in range(self.t - 1, -1, -1):
            backward[:, start] = np.logaddexp(
                backward[:, start], backward[:, start + 1] + skips[:, start, None]
            )
            for arcs in self._by_start.get(start, []):
                owner = self.owner[arcs]
                after = backward[owner, self.end[arcs], step : step + shape]
                backward[owner, start, :shape] = np.logaddexp(
                    backward[owner, start, :shape], after + scores[arcs]
                )
        total = forward[np.arange(self.n), self.last, lengths]
        base = np.where(np.isfinite(total), total, 0)
        taken = np.exp(
            forward[self.owner, self.start, :shape]
            + scores
            + backward[self.owner, self.end, step : step + shape]
            - base[self.owner, None]
        )
        skipped = np.exp(
            forward[:, :-1] + skips[:, :, None] + backward[:, 1:] - base[:, None, None]
        ).sum(axis=2)
        return total, taken, skipped

    @cached_property
    def _by_end(self) -> Groups:
        return self._grouped(self.end)

    @cached_property
    def _by_start(self) -> Groups:
        return self._grouped(self.start)

    def _grouped(self, boundaries: Array) -> Groups:
        """Arcs at each boundary, in groups in which each strip has one at most."""
        length = self.end - self.start
        order = np.lexsort((length, boundaries))
        cuts = np.flatnonzero(np.diff(boundaries[order] * 100 + length[order])) + 1
        groups: Groups = {}
        for group in np.split(order, cuts):
            groups.setdefault(int(boundaries[group[0]]), []).append(group)
        return groups
