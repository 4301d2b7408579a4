"""How well digits of other people are read, before and after the `enhanced` pipeline.

    python -m benchmarks.realworld --labels PATH/labels.csv [--model PATH.onnx]

`labels.csv` has the columns file, label and kind; files are relative to it. Without `--model` the
champion reads. A rejected image counts as read wrong; confidence is averaged over the scored ones;
reviewed are those with a warning or a confidence below `--accept-confidence`. The table compares
`standard` alone with what `decode` chooses by itself; the JSON line is about the latter.
About ten seconds for 180 images on one core.
"""

import argparse
import csv
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist import services
from mnist.images import Decoded, Pipeline, decode
from mnist.scoring.graphs import Predictor


class Sample(NamedTuple):
    """One labelled file."""

    path: Path
    label: int
    kind: str


class Prediction(NamedTuple):
    """What became of one sample; confidence is NaN if it was rejected."""

    right: bool
    confidence: float
    warned: bool


def champion() -> Predictor:
    """Load the champion of the registry that the environment names."""
    registry = services.current().registry
    return registry.predictor(registry.champion())


def graph(path: Path) -> Predictor:
    """Load a scoring graph from a file, whatever its digest."""
    return Predictor(path, hashlib.sha256(path.read_bytes()).hexdigest())


def data_dir() -> Path | None:
    """Say where MNIST lies, also where no stack is described; None leaves it to Keras's cache."""
    folder = os.environ.get("MNIST_DATA_DIR")
    return Path(folder) if folder else None


def samples_of(labels: Path) -> list[Sample]:
    """Read the list of labelled files."""
    with labels.open(newline="") as file:
        rows = csv.DictReader(file)
        missing = {"file", "label", "kind"} - set(rows.fieldnames or ())
        if missing:
            raise SystemExit(f"{labels} has no column {', '.join(sorted(missing))}.")
        return [Sample(labels.parent / row["file"], int(row["label"]), row["kind"]) for row in rows]


def read(
    samples: Sequence[Sample], predictor: Predictor, pipeline: Pipeline | None
) -> list[Prediction]:
    """Decode and predict every sample."""
    results = [decode(sample.path.read_bytes(), pipeline=pipeline) for sample in samples]
    images = [result.pixels for result in results if isinstance(result, Decoded)]
    predictions = iter(predictor.predict(np.array(images, np.uint8).reshape(-1, 28, 28)))
    readings = []
    for sample, result in zip(samples, results, strict=True):
        if isinstance(result, Decoded):
            row = next(predictions)
            right = int(row.argmax()) == sample.label
            readings.append(Prediction(right, float(row.max()), bool(result.warnings)))
        else:
            readings.append(Prediction(right=False, confidence=float("nan"), warned=False))
    return readings


def summary(readings: Sequence[Prediction], accept_confidence: float) -> dict[str, float]:
    """Count and average readings."""
    confidence = np.array([reading.confidence for reading in readings])
    scored = ~np.isnan(confidence)
    doubted = [r.warned or r.confidence < accept_confidence for r in readings]
    return {
        "images": len(readings),
        "accuracy": round(float(np.mean([reading.right for reading in readings])), 4),
        "mean_confidence": round(float(confidence[scored].mean()), 4) if scored.any() else 0.0,
        "rejected": int((~scored).sum()),
        "reviewed": int(np.count_nonzero(doubted)),
    }


def main() -> None:
    """Print one row per kind, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--accept-confidence", type=float, default=0.5)
    options = parser.parse_args()
    predictor = graph(options.model) if options.model else champion()
    samples = samples_of(options.labels)
    before = read(samples, predictor, Pipeline.STANDARD)
    after = read(samples, predictor, None)
    print("| kind | images | standard | chosen | confidence | rejected | reviewed |")
    print("|---|---|---|---|---|---|---|")
    kinds = sorted({sample.kind for sample in samples})
    by_kind = {}
    for kind in [*kinds, "all"]:
        chosen = [i for i, sample in enumerate(samples) if kind in {sample.kind, "all"}]
        old = summary([before[i] for i in chosen], options.accept_confidence)
        new = summary([after[i] for i in chosen], options.accept_confidence)
        by_kind[kind] = new["accuracy"]
        print(
            f"| {kind} | {len(chosen)} | {old['accuracy']:.1%} | {new['accuracy']:.1%} "
            f"| {new['mean_confidence']:.1%} | {new['rejected']} | {new['reviewed']} |"
        )
    overall = summary(after, options.accept_confidence)
    del by_kind["all"]
    print(json.dumps({**overall, "by_kind": by_kind, "standard": summary(before, 0)["accuracy"]}))


if __name__ == "__main__":
    main()
