"""How well strangers are read whom a training has not seen, and what of it is accepted wrongly.

    MNIST_DATA_DIR=DIR MNIST_HANDS_DIR=DIR python -m benchmarks.held_out_hands [--leave-out unipen]

Trains `--recipe` on MNIST and the public hands without one writer in six of each source (one digit
in six where it names no writers), or without all of the source `--leave-out`, and predicts what was
held out: one image of each digit. Public labels have errors too (about one in two hundred of
UNIPEN's is contradicted surely, see `benchmarks.planted_labels`), so differences between thresholds
say more than the shares themselves. The last line is one JSON object: `test_accuracy`, and for each
source `images`, `accuracy`, and by threshold `review`, `accepted`, `wrong`. Four minutes for `fast`
on two cores left alone.
"""

import argparse
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.deployed import data_dir, default_of
from mnist.acceptance.thresholds import judged_predictions
from mnist.candidates.candidate import make_candidate
from mnist.data.added import HANDS, AddedImages
from mnist.data.hands import Hands, load_hands
from mnist.data.labelled import LabelledImages
from mnist.data.training_data import Shares, load_training_data
from mnist.digits import Outputs
from mnist.scoring.graphs import Predictor
from mnist.training.recipes import Recipe, get_recipe
from mnist.training.train import train

ONE_IN = 6
THRESHOLDS = (0.97, 0.98, 0.99, 0.995, 0.998)


class HeldOutHands:
    """Public hands, some of which are held out of a training.

    Attributes:
        held_out: Source -> one image of each digit that was held out.
    """

    def __init__(self, folder: Path | None, recipe: Recipe, leave_out: str | None) -> None:
        self.held_out: dict[str, LabelledImages] = {}
        self._learned = [
            AddedImages(hands.name, HANDS, images, hands.sha256, repeats=recipe.hands)
            for hands in load_hands(folder)
            if (images := self._cut(hands, whole=hands.name == leave_out)).n
        ]
        if not self.held_out:
            raise SystemExit("MNIST_HANDS_DIR names no public hands; see docs/training.md.")

    def learned(self, _test: LabelledImages) -> list[AddedImages]:
        """Give what is learned from."""
        return self._learned

    def _cut(self, hands: Hands, *, whole: bool) -> LabelledImages:
        groups = hands.writers if (hands.writers != "").all() else hands.originals
        names = np.random.default_rng(0).permutation(np.unique(groups))
        out = np.isin(groups, names[:: 1 if whole else ONE_IN])
        rows = np.flatnonzero(out)
        _, first = np.unique(hands.originals[rows], return_index=True)
        self.held_out[hands.name] = hands.images.take(rows[first])
        return hands.images.take(np.flatnonzero(~out))


def by_threshold(images: LabelledImages, outputs: Outputs, ood_threshold: float) -> dict[str, Any]:
    """Say what would be accepted of some images, and how much of that is wrong."""
    digit_like = ~(outputs.ood_scores > ood_threshold)
    judged = judged_predictions(
        outputs.probabilities[digit_like], images.labels[digit_like], "held out"
    )
    right = outputs.probabilities.argmax(axis=1) == images.labels
    measured: dict[str, Any] = {"images": images.n, "accuracy": round(float(right.mean()), 4)}
    for threshold in THRESHOLDS:
        accepted, wrong = judged.accepted(threshold)
        review = round(1 - accepted / images.n, 4)
        measured[str(threshold)] = {"review": review, "accepted": accepted, "wrong": wrong}
    return measured


def _hands_dir() -> Path | None:
    folder = os.environ.get("MNIST_HANDS_DIR")
    return Path(folder) if folder else None


def main() -> None:
    """Train, predict what was held out, print a line for each source and threshold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leave-out", help="a whole source: semeion, usps or unipen")
    options = parser.parse_args()
    recipe = get_recipe(options.recipe)
    hands = HeldOutHands(_hands_dir(), recipe, options.leave_out)
    data = load_training_data(
        data_dir(), options.seed, add=hands.learned, shares=Shares(repeats=recipe.dataset_repeats)
    )
    training = train(recipe, data.train, data.validation, seed=options.seed, on_epoch=print)
    with TemporaryDirectory() as folder:
        candidate = make_candidate(
            training,
            data.train,
            data.validation,
            data.dataset.test,
            Path(folder),
            labelled_sets={},
            max_accepted_error_rate=default_of("max_accepted_error_rate"),
        )
        predictor = Predictor(candidate.graph, candidate.graph_sha256)
        measured = {
            source: by_threshold(images, predictor.outputs(images.images), candidate.ood_threshold)
            for source, images in hands.held_out.items()
        }
    for source, numbers in measured.items():
        print(f"{source}: {numbers['images']:,} images, {numbers['accuracy']:.2%} right")
        for threshold in THRESHOLDS:
            row = numbers[str(threshold)]
            print(
                f"  {threshold}: {row['review']:.1%} for review, "
                f"{row['wrong']} of {row['accepted']:,} accepted wrong"
            )
    print(json.dumps({"test_accuracy": candidate.evaluation.accuracy, **measured}))


if __name__ == "__main__":
    main()
