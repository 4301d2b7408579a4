"""Fit the weights by which values are cut and believed: `mnist/layouts/value_parameters.py`.

    python -m benchmarks.fit_values --model PATH.onnx --hands FOLDER

Strips of digits are drawn from MNIST's validation images (by seed 0, so that a file trained with
another seed has seen some) and from the public hands; MNIST's test images are left alone. The
weights make the true value as probable as they can (a semi-Markov model by maximum likelihood, over
all ways to cut that give it), then a logistic regression on other strips turns what the model says
of its best value into the probability that it is right. About ten minutes on one core.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from benchmarks.deployed import Deployed, add_model_options, data_dir, deployed
from benchmarks.drawn_pages import SCANS, draw_sheet
from benchmarks.drawn_strips import KINDS, draw_strip
from mnist.data.datasets import load_dataset
from mnist.data.hands.loading import load_hands
from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.layouts import Cut, Layout, cut
from mnist.layouts.lattice import BLOT_FEATURES, SHAPE_FEATURES
from mnist.layouts.scoring import (
    NETWORK_FEATURES,
    WIDTH_FEATURES,
    Weights,
    network_features,
    width_features,
)
from mnist.layouts.valuing import arcs_of, likeliest

Array = NDArray[np.float64]

_FLAT = len(SHAPE_FEATURES) + len(NETWORK_FEATURES)
_SIZES = (_FLAT, 1, 10 * len(WIDTH_FEATURES), len(BLOT_FEATURES))


class Example(NamedTuple):
    """One value as the model sees it."""

    value: str
    kind: str
    cut: Cut
    probabilities: NDArray[np.float32]
    ood_scores: NDArray[np.float32]


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
        flat, scale, width, blot = np.split(theta, np.cumsum(_SIZES)[:-1])
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
            for arcs in self._by_length(self.end, end):
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
            for arcs in self._by_length(self.start, start):
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

    def _by_length(self, ends: Array, boundary: int) -> list[NDArray[np.intp]]:
        """Arcs at a boundary, in groups in which each strip has one at most."""
        key = "end" if ends is self.end else "start"
        cache = self.__dict__.setdefault("_groups", {})
        if key not in cache:
            length = self.end - self.start
            order = np.lexsort((length, ends))
            cuts = np.flatnonzero(np.diff(ends[order] * 100 + length[order])) + 1
            groups: dict[int, list[NDArray[np.intp]]] = {}
            for group in np.split(order, cuts):
                groups.setdefault(int(ends[group[0]]), []).append(group)
            cache[key] = groups
        return cache[key].get(boundary, [])


def examples(
    model: Deployed, hands: Sequence[LabelledImages], count: int, seed: int
) -> Iterator[Example]:
    """Draw strips of 1 to 8 digits of every kind, and cut them."""
    for index in range(count):
        hand, kind = hands[index // len(KINDS) % len(hands)], KINDS[index % len(KINDS)]
        strip = draw_strip(hand, kind, 1 + index * 7919 % 8, seed + index)
        # In boxes the cells are the cuts; elsewhere the number of digits does not change them.
        digits = str(len(strip.value)) if kind == "boxes" else '"auto"'
        layout = Layout.parse(f'{{"digits": {digits}}}'.encode())
        yield from _predicted(model, cut(strip.plane, layout), [strip.value], kind)


def cell_examples(model: Deployed, hands: Sequence[LabelledImages], seed: int) -> Iterator[Example]:
    """Draw sheets of cells in every way of scanning."""
    layout = Layout.parse(b'{"grid": [20, 12]}')
    for number, scan in enumerate(SCANS.values()):
        for index, hand in enumerate(hands):
            sheet = draw_sheet(hand, (20, 12), (60, 60), scan, seed + 100 * number + index)
            yield from _predicted(model, cut(sheet.plane, layout), sheet.values, "cells")


def _predicted(
    model: Deployed, cuts: Sequence[Cut], values: Sequence[str], kind: str
) -> Iterator[Example]:
    for each, value in zip(cuts, values, strict=True):
        if each.outcome is None:
            outputs = model.predictor.outputs(each.candidates)
            yield Example(value, kind, each, outputs.probabilities, outputs.ood_scores)


def fitted_weights(batch: Batch, ridge: float = 1e-4) -> Weights:
    """Maximize the likelihood of the true values."""
    start = np.zeros(sum(_SIZES))
    start[_FLAT] = 1.0
    result = minimize(
        lambda theta: batch.loss(theta, ridge),
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 150},
    )
    print(f"{result.nit} steps, {result.fun:.4f} nats a value")
    flat, scale, width, blot = np.split(result.x.round(4), np.cumsum(_SIZES)[:-1])
    shape, network = flat[: len(SHAPE_FEATURES)], flat[len(SHAPE_FEATURES) :]
    return Weights(
        tuple(shape.tolist()),
        float(scale[0]),
        tuple(network.tolist()),
        tuple(tuple(row) for row in width.reshape(10, -1).tolist()),
        tuple(blot.tolist()),
    )


def fitted_confidence(
    held_out: Sequence[Example], weights: Weights, ood_threshold: float
) -> tuple[float, ...]:
    """Turn doubts into the probability that a value is right, on strips the weights have not seen.

    Each strip counts with its number of digits declared and without.
    """
    doubts, right = [], []
    for example in held_out:
        network = network_features(example.probabilities, example.ood_scores, ood_threshold)
        arcs = arcs_of(example.cut, example.probabilities, network, weights)
        for count in (len(example.value) or 1, None):
            best = likeliest(arcs, example.probabilities, network, count)
            if best is not None:
                doubts.append(best.doubts)
                right.append("".join(map(str, best.path.digits)) == example.value)
    fitted = LogisticRegression(C=100, fit_intercept=False, max_iter=1_000).fit(doubts, right)
    return tuple(fitted.coef_[0].round(4).tolist())


_TEXT = '''"""Weights by which values are cut and believed, as the command below writes them.

    {command}
"""

from mnist.layouts.scoring import Weights

WEIGHTS = Weights(
    shape={shape},
    probability={probability},
    network={network},
    width={width},
    blot={blot},
)

CONFIDENCE = {confidence}
"""Of `mnist.layouts.valuing.DOUBTS`."""
'''


def main() -> None:
    """Fit, and write the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hands", type=Path, required=True, help="a folder of public hands")
    parser.add_argument("--strips", type=int, default=4_000, help="to fit the weights on")
    parser.add_argument("--to", type=Path, default=Path("mnist/layouts/value_parameters.py"))
    add_model_options(parser)
    asked = parser.parse_args()
    model = deployed(asked)
    _, validation = split(load_dataset(data_dir()).train, seed=0)
    # MNIST's as often as the others together.
    others = [hands.images for hands in load_hands(asked.hands)]
    hands = [*[validation] * len(others), *others]
    fit = [*examples(model, hands, asked.strips, 1), *cell_examples(model, hands, 1)]
    weights = fitted_weights(Batch(fit, model.model.ood_threshold))
    seed = 1_000_000
    held_out = [*examples(model, hands, asked.strips, seed), *cell_examples(model, hands, seed)]
    confidence = fitted_confidence(held_out, weights, model.model.ood_threshold)
    command = f"python -m benchmarks.fit_values --model fast.onnx --strips {asked.strips} --hands …"
    asked.to.write_text(
        _TEXT.format(
            command=command,
            shape=weights.shape,
            probability=weights.probability,
            network=weights.network,
            width=weights.width,
            blot=weights.blot,
            confidence=confidence,
        )
    )


if __name__ == "__main__":
    main()
