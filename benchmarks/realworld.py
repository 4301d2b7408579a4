"""How well digits of other people are read, and what a person has to look at.

    python -m benchmarks.realworld --labels A.csv B.csv … [--model PATH.onnx] [--sheet WRONG.png]

A list has the columns file, label and, if it has one, kind; its images lie beside it or in a folder
`images` there. The champion reads, or the scoring graph `--model`, and what a person has to look at
is decided as in production: by the same function, with the version's own thresholds. A rejected
image counts as read wrong and is nobody's to review; confidence is averaged over those that were
read. The interval of the wrong among the accepted is exact (Clopper and Pearson 1934), 95 %.
`--sheet` draws what was read wrong, as it came and as the network saw it. The last line is one
JSON object. About ten seconds for 1,000 scans on one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from benchmarks.contact_sheet import Tile, contact_sheet
from benchmarks.deployed import Deployed, add_model_options, deployed
from mnist import digits
from mnist.data.label_lists import parse_list
from mnist.errors import InvalidDataset
from mnist.images import Decoded, decode
from mnist.scoring.predictions import Prediction, predict_digits


class Sample(NamedTuple):
    """One labelled file.

    Attributes:
        path: Where it is.
        label: The digit on it.
        kind: As its list says; the list's source where it says nothing.
        source: Name of the folder that the list is in, or of a list with another name.
    """

    path: Path
    label: int
    kind: str
    source: str


class Outcome(NamedTuple):
    """What became of one sample; without image and prediction if it was rejected."""

    sample: Sample
    image: Decoded | None
    prediction: Prediction | None

    @property
    def right(self) -> bool:
        """Whether the digit is the one on the label."""
        return self.prediction is not None and self.prediction.digit == self.sample.label

    @property
    def accepted(self) -> bool:
        """Whether no person looks at it."""
        return self.prediction is not None and self.prediction.accepted


def samples_of(labels: Path) -> list[Sample]:
    """Read a list of labelled files.

    Raises:
        InvalidDataset: If it is no such list, or a file it names is missing.
    """
    source = labels.resolve().parent.name if labels.stem == "labels" else labels.stem
    samples = []
    for line in parse_list(labels.read_bytes(), str(labels)):
        places = [labels.parent / line.file, labels.parent / "images" / line.file]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            raise InvalidDataset(
                f"{labels}, line {line.number} names {line.file!r}, which is neither in "
                f"{labels.parent} nor in its folder images; put it there."
            )
        samples.append(Sample(path, line.label, line.kind or source, source))
    return samples


def read(samples: Sequence[Sample], reader: Deployed) -> list[Outcome]:
    """Decode and predict every sample, as batches and the API do."""
    results = [decode(sample.path.read_bytes()) for sample in samples]
    images = [result for result in results if isinstance(result, Decoded)]
    predictions = iter(predict_digits(images, reader.model, reader.predictor.outputs))
    return [
        Outcome(sample, result, next(predictions))
        if isinstance(result, Decoded)
        else Outcome(sample, None, None)
        for sample, result in zip(samples, results, strict=True)
    ]


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Count and average outcomes."""
    confidences = [each.prediction.confidence for each in outcomes if each.prediction]
    accepted = [each for each in outcomes if each.accepted]
    wrong = sum(not each.right for each in accepted)
    interval = (
        binomtest(wrong, len(accepted)).proportion_ci(method="exact") if accepted else (0.0, 1.0)
    )
    return {
        "images": len(outcomes),
        "accuracy": round(float(np.mean([each.right for each in outcomes])), 4),
        "mean_confidence": round(float(np.mean(confidences)), 4) if confidences else 0.0,
        "rejected": len(outcomes) - len(confidences),
        "reviewed": len(confidences) - len(accepted),
        "not_a_digit": sum(
            each.prediction.outcome is digits.Outcome.NOT_A_DIGIT
            for each in outcomes
            if each.prediction
        ),
        "accepted": len(accepted),
        "wrong_accepted": wrong,
        "wrong_accepted_interval": [round(float(bound), 5) for bound in interval],
    }


def row(name: str, found: dict[str, Any]) -> str:
    """Write one row of the table."""
    low, high = found["wrong_accepted_interval"]
    return (
        f"| {name} | {found['images']:,} "
        f"| {found['accuracy']:.1%} | {found['mean_confidence']:.1%} "
        f"| {found['rejected']} | {found['reviewed']} ({found['reviewed'] / found['images']:.0%}) "
        f"| {found['accepted']:,} | {found['wrong_accepted']} ({low:.2%} to {high:.2%}) |"
    )


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Print one row per source, per kind and for all; return the JSON object."""
    print(
        "| images of | images | accuracy | mean confidence | rejected | reviewed | accepted "
        "| wrong among accepted |"
    )
    print("|---|---|---|---|---|---|---|---|")
    groups: dict[str, Callable[[Sample], str]] = {
        "source": lambda sample: sample.source,
        "kind": lambda sample: sample.kind,
    }
    accuracies: dict[str, dict[str, float]] = {}
    for group, name_of in groups.items():
        accuracies[group] = {}
        for name in sorted({name_of(each.sample) for each in outcomes}):
            found = summary([each for each in outcomes if name_of(each.sample) == name])
            accuracies[group][name] = found["accuracy"]
            print(row(f"{group} {name}", found))
    overall = summary(outcomes)
    print(row("all", overall))
    return {**overall, "by_kind": accuracies["kind"], "by_source": accuracies["source"]}


def tile(outcome: Outcome) -> Tile:
    """Show a wrong prediction: what it should be, what it became, and whether a person looks."""
    content, name = outcome.sample.path.read_bytes(), outcome.sample.path.name
    prediction = outcome.prediction
    if outcome.image is None or prediction is None:
        return Tile(content, None, (f"{outcome.sample.label}: rejected", name))
    looked_at = "ACCEPTED" if prediction.accepted else ", ".join(prediction.warnings) or "unsure"
    became = f"{outcome.sample.label} -> {prediction.digit} at {prediction.confidence:.2f}"
    return Tile(content, outcome.image.pixels, (became, looked_at, name))


def main() -> None:
    """Print the table, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, nargs="+", required=True, metavar="LABELS.csv")
    parser.add_argument("--sheet", type=Path, help="where to draw what was read wrong, a PNG")
    add_model_options(parser)
    asked = parser.parse_args()
    try:
        samples = [sample for labels in asked.labels for sample in samples_of(labels)]
    except (InvalidDataset, OSError) as error:
        raise SystemExit(str(error)) from error
    outcomes = read(samples, deployed(asked))
    result = report(outcomes)
    if asked.sheet is not None:
        asked.sheet.write_bytes(contact_sheet([tile(each) for each in outcomes if not each.right]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
