"""What the gates say of ordinary retrainings and of planted worse ones, beside strangers' images.

    MNIST_DATA_DIR=... python -m benchmarks.retrainings [--recipe demo] [--seeds 10]
        [--labels A.csv …] [--hands FOLDER] [--images 50 500 5000]

The recipe is trained with several seeds; the first is champion, the others are ordinary candidates.
Planted worse ones have learned too little or from wrong labels. Each is judged by the default
policy, without images of production and with so many of them: the listed files, decoded, and public
hands, which nobody has learned from here and whose labels the gates do not see. The last line is
one JSON object: by number of images how many of either kind were promoted, and each candidate's
accuracy. With `demo` a minute for each candidate on two cores.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.deployed import data_dir
from benchmarks.realworld import samples_of
from mnist.candidates.candidate import Candidate, make_candidate
from mnist.data.datasets import Dataset, load_dataset
from mnist.data.hands.loading import load_hands
from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.images import Decoded, decode
from mnist.operations.measuring import Contender, measure
from mnist.operations.replay import ProductionImages, compare_predictions
from mnist.promotion import Evidence, Policy, decide
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.settings import Settings
from mnist.training.recipes import get_recipe
from mnist.training.train import train

_RANDOM = np.random.default_rng(0)

_NOT_LABELLED = -1


class Side(NamedTuple):
    """A trained network, and what it is worth.

    Attributes:
        name: Seed, or what is wrong with it.
        contender: As gates see it.
        evidence: Measured on MNIST's test images.
        accuracy: On those, and on the strangers' images.
    """

    name: str
    contender: Contender
    evidence: Evidence
    accuracy: tuple[float, float]


class Strangers(NamedTuple):
    """Other people's images as production has scored them, in random order, and their labels."""

    production: ProductionImages
    labels: np.ndarray

    def first(self, count: int) -> ProductionImages:
        """Take the first of them."""
        whole = self.production
        return ProductionImages(
            whole.keys[:count], whole.images[:count], whole.warned[:count], whole.labels[:count]
        )


def too_few(learned: LabelledImages) -> LabelledImages:
    """Leave a twentieth of the images."""
    return learned.take(_RANDOM.permutation(learned.n)[: learned.n // 20])


def confused(learned: LabelledImages) -> LabelledImages:
    """Call half of the 4 a 9; a fifth is outvoted, and the network as good as any."""
    wrong = (learned.labels == 4) & (_RANDOM.random(learned.n) < 0.5)
    return LabelledImages(learned.images, np.where(wrong, 9, learned.labels))


def careless(learned: LabelledImages) -> LabelledImages:
    """Give a fifth of the images any label."""
    wrong = _RANDOM.random(learned.n) < 0.2
    return LabelledImages(
        learned.images, np.where(wrong, _RANDOM.integers(0, 10, learned.n), learned.labels)
    )


def one_pen(learned: LabelledImages) -> LabelledImages:
    """Leave out the third of the images with the thinnest strokes."""
    ink = learned.images.mean(axis=(1, 2))
    return learned.take(np.flatnonzero(ink > np.quantile(ink, 1 / 3)))


WORSE: dict[str, Callable[[LabelledImages], LabelledImages]] = {
    "a twentieth of the images": too_few,
    "half of the 4 labelled 9": confused,
    "a fifth of all labels at random": careless,
    "no thin strokes": one_pen,
}


def trained(
    name: str,
    data: Dataset,
    recipe: str,
    seed: int,
    spoil: Callable[[LabelledImages], LabelledImages] = lambda learned: learned,
) -> Candidate:
    """Train, calibrate and export once."""
    learned, validation = split(data.train, seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="retrainings-"))
    training = train(get_recipe(recipe), spoil(learned), validation, seed=seed)
    print(f"{name}: trained in {training.cpu_seconds:.0f} CPU s", flush=True)
    return make_candidate(
        training,
        learned,
        validation,
        data.test,
        folder,
        labelled_sets={},
        max_accepted_error_rate=_setting("max_accepted_error_rate"),
    )


def judged(name: str, made: Candidate, data: Dataset, strangers: Strangers) -> Side:
    """Measure a candidate as the gates do."""
    model = PinnedModel(
        "digits",
        name,
        made.graph_sha256,
        max(made.accept_confidence, _setting("cautious_confidence")),
        made.ood_threshold,
        made.no_digit_threshold,
    )
    predictor = Predictor(made.graph, made.graph_sha256)
    contender = Contender(model, predictor, made.runtime, data.source)
    (evidence,) = measure([contender], data, {}, lambda _share, _what: None)
    accuracy = made.evaluation.accuracy, math.nan
    if len(strangers.labels):
        digits = predictor.predict(strangers.production.images).argmax(axis=1)
        accuracy = accuracy[0], float((digits == strangers.labels).mean())
    print(f"{name}: MNIST {accuracy[0]:.4f}, strangers {accuracy[1]:.4f}", flush=True)
    return Side(name, contender, evidence, accuracy)


def load_strangers(labels: list[Path], hands: Path | None) -> Strangers:
    """Decode listed files and take public hands, in random order."""
    parts: list[tuple[np.ndarray, bool, int]] = []
    for sample in (sample for each in labels for sample in samples_of(each)):
        result = decode(sample.path.read_bytes())
        if isinstance(result, Decoded):
            parts.append((result.pixels, bool(result.warnings), sample.label))
    for hand in load_hands(hands) if hands else ():
        parts += [
            (image, False, int(label))
            for image, label in zip(hand.images.images, hand.images.labels, strict=True)
        ]
    order = _RANDOM.permutation(len(parts))
    images = np.array([parts[i][0] for i in order], np.uint8).reshape(-1, 28, 28)
    production = ProductionImages(
        tuple(map(str, range(len(order)))),
        images,
        np.array([parts[i][1] for i in order], bool),
        np.full(len(order), _NOT_LABELLED),
    )
    return Strangers(production, np.array([parts[i][2] for i in order], np.int64))


def decisions(
    champion: Side, candidates: list[Side], strangers: Strangers, counts: list[int]
) -> Iterator[tuple[int, list[str]]]:
    """Yield, for each number of production images, who is promoted."""
    for count in counts:
        production = strangers.first(count)
        promoted = []
        for side in candidates:
            mine = side.evidence
            if count:
                replay = compare_predictions(
                    production,
                    *(
                        (one.contender.predictor.outputs(production.images), one.contender.model)
                        for one in (champion, side)
                    ),
                )
                mine = replace(mine, replay=replay)
            decision = decide(mine, champion.evidence, Policy())
            print(f"{count} images, {side.name}: {decision.verdict.words}, {decision.reasons[0]}")
            promoted += [side.name] if decision.promote else []
        yield count, promoted


def main() -> None:
    """Train, judge, print one row per number of images, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="demo")
    parser.add_argument("--seeds", type=int, default=10, help="ordinary candidates")
    parser.add_argument("--labels", type=Path, nargs="+", default=[], metavar="LABELS.csv")
    parser.add_argument("--hands", type=Path, help="folder of public hands")
    parser.add_argument("--images", type=int, nargs="+", default=[50, 500, 5_000])
    asked = parser.parse_args()
    data = load_dataset(data_dir())
    strangers = load_strangers(asked.labels, asked.hands)
    sides = [
        judged(f"seed {seed}", trained(f"seed {seed}", data, asked.recipe, seed), data, strangers)
        for seed in range(asked.seeds + 1)
    ]
    champion, *ordinary = sides
    worse = [
        judged(name, trained(name, data, asked.recipe, 0, spoil), data, strangers)
        for name, spoil in WORSE.items()
    ]
    counts = [0, *(count for count in asked.images if count <= len(strangers.labels))]
    result: dict[str, Any] = {"ordinary": {}, "worse": {}}
    for kind, candidates in (("ordinary", ordinary), ("worse", worse)):
        for count, promoted in decisions(champion, candidates, strangers, counts):
            result[kind][str(count)] = {"promoted": len(promoted), "of": len(candidates)}
            print(f"| {kind} | {count} | {len(promoted)} of {len(candidates)} |", flush=True)
    result["accuracy"] = {side.name: side.accuracy for side in (*sides, *worse)}
    print(json.dumps(result))


def _setting(name: str) -> float:
    return float(Settings.model_fields[name].default)


if __name__ == "__main__":
    main()
