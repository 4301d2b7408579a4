"""Whether the promise about accepted predictions is kept on handwriting that is not MNIST's.

    python -m benchmarks.acceptance --labels A/labels.csv B/labels.csv … [--model PATH.onnx]

Each list is one set, its files relative to it; `MNIST_DATA_DIR` names MNIST's. A set is judged with
the threshold that each of these gives: MNIST's test images; half of the set itself; the other sets;
no evidence at all; an audit of 300 of the set. What a threshold was chosen from is not judged by
it. Draws are repeated with twenty seeds and added up. `wrong` is of the accepted predictions,
`bound` the one-sided 95 % bound of their share, `kept` whether the share is at most `--promise`.

Then 200 streams are simulated: each mixes all sets in random shares, so that its true share of
wrong ones is known for any threshold, and is audited by so many images. The last line is one JSON
object: `sets`, name -> way -> numbers, and `broken`, audits -> share of the streams whose promise
is broken. About a minute for 3,000 images on one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.deployed import champion, data_dir, graph
from mnist.acceptance.choice import choose_threshold
from mnist.acceptance.thresholds import (
    NOTHING_ACCEPTED,
    JudgedPredictions,
    Promise,
    joined,
    proven_threshold,
)
from mnist.acceptance_settings import AcceptanceSettings
from mnist.data.datasets import load_dataset
from mnist.data.label_lists import parse_list
from mnist.images import Decoded, decode
from mnist.scoring.graphs import Predictor

AUDITS = 300
SEEDS = 20
STREAMS = 200
_SURE = 0.995
"""Share of MNIST's images whose out-of-distribution score counts as that of a digit."""

Draw = Callable[[np.random.Generator], tuple[float, JudgedPredictions]]
"""Draws by the dice given; returns a threshold and the predictions that it judges."""


def set_of(
    labels: Path, predictor: Predictor, ood_threshold: float
) -> tuple[JudgedPredictions, float]:
    """Decode and predict a labelled set.

    Returns:
        Predictions of the images about which only the confidence decides, and their share of all.
    """
    lines = parse_list(labels.read_bytes(), str(labels))
    images, digits = [], []
    for line in lines:
        result = decode((labels.parent / line.file).read_bytes())
        if isinstance(result, Decoded) and not result.warnings:
            images.append(result.pixels)
            digits.append(line.label)
    predictions = judged(
        np.stack(images), np.array(digits), labels.parent.name, predictor, ood_threshold
    )
    return predictions, len(predictions.wrong) / len(lines)


def judged(
    images: np.ndarray, digits: np.ndarray, name: str, predictor: Predictor, ood_threshold: float
) -> JudgedPredictions:
    """Hold predictions against labels, without images that are unlike a digit."""
    outputs = predictor.outputs(images)
    digit_like = ~(outputs.ood_scores > ood_threshold)
    probabilities = outputs.probabilities[digit_like]
    wrong = probabilities.argmax(axis=1) != digits[digit_like]
    return JudgedPredictions(name, probabilities.max(axis=1).astype(np.float64), wrong)


def taken(predictions: JudgedPredictions, rows: np.ndarray) -> JudgedPredictions:
    """Select predictions by number."""
    return JudgedPredictions(
        predictions.source, predictions.confidence[rows], predictions.wrong[rows]
    )


class Rules:
    """The ways of choosing a threshold that are compared."""

    def __init__(self, promise: Promise, cautious: float, calibration: JudgedPredictions) -> None:
        self._promise, self._cautious = promise, cautious
        self._mnist = self.proven(calibration)

    def proven(self, evidence: JudgedPredictions) -> float:
        """Choose what the evidence proves, or nothing."""
        threshold = proven_threshold(evidence, self._promise)
        return NOTHING_ACCEPTED if threshold is None else threshold

    def chosen(self, evidence: JudgedPredictions) -> float:
        """Choose as production does."""
        return choose_threshold(
            evidence, self._promise, cautious=self._cautious, present=self._cautious
        ).threshold

    def ways(self, mine: JudgedPredictions, others: JudgedPredictions) -> dict[str, Draw]:
        """Give, for one set, each way with what it judges."""
        size = len(mine.confidence)

        def split(count: int, choose: Callable[[JudgedPredictions], float]) -> Draw:
            def draw(random: np.random.Generator) -> tuple[float, JudgedPredictions]:
                order = random.permutation(size)
                evidence = taken(mine, order[:count])
                return choose(evidence), taken(mine, order[count:])

            return draw

        return {
            "MNIST only": lambda _: (self._mnist, mine),
            "half of it": split(size // 2, self.proven),
            "the other sets": lambda _: (self.proven(others), mine),
            "before any audit": lambda _: (self._cautious, mine),
            f"after {AUDITS} audits": split(min(AUDITS, size // 2), self.chosen),
        }


def measure(draw: Draw, promise: Promise, share: float) -> dict[str, float | int | bool]:
    """Judge a set with the thresholds of twenty draws; `share` of its images have no warning."""
    accepted = wrong = images = 0
    for seed in range(SEEDS):
        threshold, rest = draw(np.random.default_rng(seed))
        counted = rest.accepted(threshold)
        accepted, wrong = accepted + counted[0], wrong + counted[1]
        images += len(rest.confidence)
    mean_accepted, mean_wrong = round(accepted / SEEDS), round(wrong / SEEDS)
    return {
        "accepted_share": round(share * accepted / images, 4),
        "accepted": mean_accepted,
        "wrong": round(wrong / SEEDS, 2),
        "bound": round(promise.upper(mean_wrong, mean_accepted), 5),
        "kept": wrong <= promise.max_error_rate * accepted,
    }


def broken_streams(
    sets: Sequence[JudgedPredictions], rules: Rules, promise: Promise, audits: int
) -> tuple[float, float]:
    """Return how often the promise is broken, and the mean share accepted, over all streams."""
    broken, shares = 0, []
    for seed in range(STREAMS):
        random = np.random.default_rng(seed)
        mixture = random.dirichlet(np.full(len(sets), 0.5))
        everything = joined(sets, "stream")
        weights = np.concatenate(
            [np.full(len(s.wrong), w / len(s.wrong)) for s, w in zip(sets, mixture, strict=True)]
        )
        rows = random.choice(len(weights), audits, p=weights)
        threshold = rules.chosen(taken(everything, rows))
        within = everything.confidence >= threshold
        share = weights[within].sum()
        shares.append(share)
        broken += weights[within & everything.wrong].sum() > promise.max_error_rate * share
    return broken / STREAMS, float(np.mean(shares))


def main() -> None:
    """Print one row per set and way, then the streams, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path)
    defaults = AcceptanceSettings()
    parser.add_argument("--promise", type=float, default=defaults.max_accepted_error_rate)
    parser.add_argument("--cautious", type=float, default=defaults.cautious_confidence)
    options = parser.parse_args()
    predictor = graph(options.model) if options.model else champion()
    promise = Promise(options.promise)
    test = load_dataset(data_dir()).test
    ood_threshold = float(np.quantile(predictor.outputs(test.images).ood_scores, _SURE))
    mnist = judged(test.images, test.labels, "MNIST", predictor, ood_threshold)
    loaded = [set_of(labels, predictor, ood_threshold) for labels in options.labels]
    sets = [predictions for predictions, _ in loaded]
    rules = Rules(promise, options.cautious, mnist)
    result: dict[str, dict[str, dict[str, float | int | bool]]] = {}
    print("| set | threshold from | accepted | wrong | at most | kept |")
    print("|---|---|---|---|---|---|")
    for number, (mine, share) in enumerate(loaded):
        others = joined([*sets[:number], *sets[number + 1 :], mnist], "others")
        of_set = result.setdefault(mine.source, {})
        for name, draw in rules.ways(mine, others).items():
            of_set[name] = row = measure(draw, promise, share)
            print(
                f"| {mine.source} | {name} | {row['accepted_share']:.1%} "
                f"| {row['wrong']} | {row['bound']:.2%} | {'yes' if row['kept'] else 'no'} |",
                flush=True,
            )
    print("\n| audits | streams in which the promise is broken | accepted |")
    print("|---|---|---|")
    broken = {}
    for audits in (0, 100, AUDITS, 1_500, 5_000):
        broken[audits], share = broken_streams([*sets, mnist], rules, promise, audits)
        print(f"| {audits:,} | {broken[audits]:.1%} | {share:.1%} |", flush=True)
    print(json.dumps({"sets": result, "broken": broken}))


if __name__ == "__main__":
    main()
