"""Fit the weights by which values are cut and believed: `mnist/layouts/value_parameters.py`.

    python -m benchmarks.fit_values --model PATH.onnx --hands FOLDER

Strips of digits are drawn from MNIST's validation images (by seed 0, so that a file trained with
another seed has seen some) and from the public hands; MNIST's test images are left alone. The
weights make the true value as probable as they can (a semi-Markov model by maximum likelihood, over
all ways to cut that give it), then a logistic regression on other strips turns what the model says
of its best value into the probability that it is right. About ten minutes on one core.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.deployed import Deployed, add_model_options, data_dir, deployed
from benchmarks.drawn_pages import SCANS, draw_sheet
from benchmarks.drawn_strips import KINDS, draw_strip
from benchmarks.value_likelihood import FLAT, SIZES, Batch, Example
from mnist.data.datasets import load_dataset
from mnist.data.hands.loading import load_hands
from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.layouts import Cut, Layout, cut
from mnist.layouts.lattice import SHAPE_FEATURES
from mnist.layouts.scoring import (
    Weights,
    network_features,
)
from mnist.layouts.value_parameters import CONFIDENCE, WEIGHTS
from mnist.layouts.valuing import LINE_DOUBTS, arcs_of, likeliest

_LINE_WEIGHTS = (0.5, 0.75, 1.0, 1.5, 2.0)

_HELD_OUT = 1_000_000
"""Seeds of strips that the weights have not seen."""

_BOUNDS = {"one": (None, None), "length": (None, None), "least like": (None, 0)}
"""Of coefficients; those of the others are at least 0."""


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
            line = model.predictor.predict_line(each.line)
            yield Example(value, kind, each, outputs.probabilities, outputs.ood_scores, line)


def fitted_weights(batch: Batch, ridge: float = 1e-4) -> Weights:
    """Maximize the likelihood of the true values."""
    start = np.zeros(sum(SIZES))
    start[FLAT] = 1.0
    result = minimize(
        lambda theta: batch.loss(theta, ridge),
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 150},
    )
    print(f"{result.nit} steps, {result.fun:.4f} nats a value")
    flat, scale, width, blot = np.split(result.x.round(4), np.cumsum(SIZES)[:-1])
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
    without = [example._replace(line=None) for example in held_out]
    return _confidence(_judged(without, weights, ood_threshold, 0.0))


def fitted_line(
    held_out: Sequence[Example], weights: Weights, ood_threshold: float
) -> tuple[float, tuple[float, ...]]:
    """Weigh the line network against the lattice, and believe both; on digits neither has seen."""
    judged = {
        weight: list(_judged(held_out, weights, ood_threshold, weight)) for weight in _LINE_WEIGHTS
    }
    for weight, values in judged.items():
        right = sum(is_right for _, is_right in values)
        print(f"line network weighs {weight:g}: {right:,} of {len(values):,} values right")
    best = max(judged, key=lambda weight: sum(is_right for _, is_right in judged[weight]))
    return best, _confidence(judged[best])


def _judged(
    examples: Iterable[Example], weights: Weights, ood_threshold: float, line_weight: float
) -> Iterator[tuple[tuple[float, ...], bool]]:
    """Say what speaks against each value that is found, and whether it is right."""
    for number, example in enumerate(examples):
        network = network_features(example.probabilities, example.ood_scores, ood_threshold)
        arcs = arcs_of(example.cut, example.probabilities, network, weights)
        digits = len(example.value) or 1
        # Some layouts declare another number of digits than there are: their values are wrong.
        off = [digits + 1 - 2 * (number // 8 % 2 and digits > 1)] if number % 8 == 0 else []
        for count in (digits, None, *off):
            best = likeliest(arcs, example.probabilities, network, count, example.line, line_weight)
            if best is not None:
                yield best.doubts, "".join(map(str, best.path.digits)) == example.value


def _confidence(judged: Iterable[tuple[tuple[float, ...], bool]]) -> tuple[float, ...]:
    """Fit a logistic regression in which nothing that speaks against a value raises it."""
    values, right = zip(*judged, strict=True)
    doubts, sign = np.array(values), np.where(right, -1.0, 1.0)

    def loss(coefficients: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = sign * (doubts @ coefficients)
        ridge = 1e-4 * coefficients
        gradient = doubts.T @ (sign / (1 + np.exp(-odds))) / len(sign) + 2 * ridge
        return float(np.logaddexp(0, odds).mean() + ridge @ coefficients), gradient

    bounds = [_BOUNDS.get(name, (0, None)) for name in LINE_DOUBTS[: doubts.shape[1]]]
    fitted = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds)
    return tuple(fitted.x.round(4).tolist())


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

LINE_WEIGHT = {line_weight}
"""Of what the line network says, beside what the lattice says."""

LINE_CONFIDENCE = {line_confidence}
"""Of `mnist.layouts.valuing.LINE_DOUBTS`."""
'''


def _of_the_lattice(
    model: Deployed, validation: LabelledImages, asked: argparse.Namespace
) -> tuple[Weights, tuple[float, ...]]:
    # MNIST's as often as the others together.
    others = [hands.images for hands in load_hands(asked.hands)]
    hands = [*[validation] * len(others), *others]
    fit = [*examples(model, hands, asked.strips, 1), *cell_examples(model, hands, 1)]
    weights = fitted_weights(Batch(fit, model.model.ood_threshold))
    held_out = [
        *examples(model, hands, asked.strips, _HELD_OUT),
        *cell_examples(model, hands, _HELD_OUT),
    ]
    return weights, fitted_confidence(held_out, weights, model.model.ood_threshold)


def main() -> None:
    """Fit, and write the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hands", type=Path, required=True, help="a folder of public hands")
    parser.add_argument("--strips", type=int, default=4_000, help="to fit the weights on")
    parser.add_argument(
        "--line-only", action="store_true", help="fit only how far the line network is believed"
    )
    parser.add_argument("--to", type=Path, default=Path("mnist/layouts/value_parameters.py"))
    add_model_options(parser)
    asked = parser.parse_args()
    model = deployed(asked)
    _, validation = split(load_dataset(data_dir()).train, seed=0)
    confidence: tuple[float, ...]
    if asked.line_only:
        weights, confidence = WEIGHTS, CONFIDENCE
    else:
        weights, confidence = _of_the_lattice(model, validation, asked)
    # Public hands are learned from: only of MNIST's validation digits has the network seen none.
    unseen = examples(model, [validation], asked.strips, 2 * _HELD_OUT)
    lines = [example for example in unseen if example.line is not None]
    line_weight, line_confidence = fitted_line(lines, weights, model.model.ood_threshold)
    command = " ".join(
        ["python -m benchmarks.fit_values --model fast.onnx --hands …"]
        + [f"--strips {asked.strips}"]
        + ["--line-only"] * asked.line_only
    )
    asked.to.write_text(
        _TEXT.format(
            command=command,
            shape=weights.shape,
            probability=weights.probability,
            network=weights.network,
            width=weights.width,
            blot=weights.blot,
            confidence=confidence,
            line_weight=line_weight,
            line_confidence=line_confidence,
        )
    )


if __name__ == "__main__":
    main()
