"""How well values of several digits and sheets of cells are read.

    python -m benchmarks.strings [--labels A.csv …] [--model PATH.onnx] [--values 200] [--peer]

A list has the columns file, label (the value as text) and, if it has one, kind; its images lie
beside it. Without a list, strips are drawn from MNIST's test digits (2 to 8 of them; apart, close,
touching, slanted, noisy, ruled, in boxes) and sheets of 46 x 25 cells, filled and scanned in
several ways; no part of the fitted weights has seen these digits. Each value is cut twice: with the
number of its digits declared, and (`auto`) without. Positions are digits that are right where they
stand. `--peer` has an open OCR engine predict the same values (`benchmarks.ocr_peer`); it accepts
nothing, since nobody has calibrated it. The interval of the wrong among the accepted is exact
(Clopper and Pearson 1934), 95 %. The last line is one JSON object. About five minutes on one core.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from benchmarks.deployed import Deployed, add_model_options, data_dir, deployed
from benchmarks.drawn_pages import SCANS, draw_sheet
from benchmarks.drawn_strips import KINDS, draw_strip
from benchmarks.ocr_peer import Recognize, recognizer
from mnist.data.datasets import load_dataset
from mnist.data.labelled import LabelledImages
from mnist.digits import Outcome
from mnist.images import Limits, Rejection, load_plane
from mnist.images.results import Plane
from mnist.layouts import Cut, Layout, PlacePrediction, cut, doubted, resolve
from mnist.layouts.parameters import LAYOUT_PARAMETERS

GRID = (46, 25)
CELL = (60, 60)
LENGTHS = range(2, 9)


class Value(NamedTuple):
    """One value, and what became of it.

    Attributes:
        kind: What it is counted under.
        label: What is written; empty for an empty cell.
        predicted: What was predicted, or None if the page was rejected.
    """

    kind: str
    label: str
    predicted: PlacePrediction | None

    @property
    def value(self) -> str:
        """What was predicted, as text; empty if nothing was."""
        return "" if self.predicted is None else self.predicted.value

    @property
    def right(self) -> bool:
        """Whether the value is the one on the label, and an empty cell is empty."""
        return self.predicted is not None and self.value == self.label

    @property
    def accepted(self) -> bool:
        """Whether no person would look."""
        return self.predicted is not None and self.predicted.accepted

    @property
    def positions(self) -> int:
        """How many digits are right where they stand."""
        return sum(a == b for a, b in zip(self.value, self.label, strict=False))


def predict(model: Deployed, cuts: Sequence[Cut]) -> list[PlacePrediction]:
    """Predict all places of a page in one batch."""
    images = np.concatenate([place.candidates for place in cuts])
    outputs = model.predictor.outputs(images)
    predictions, start = [], 0
    for place in cuts:
        part = slice(start, start + len(place.candidates))
        start = part.stop
        predictions.append(
            resolve(
                place,
                outputs.probabilities[part],
                outputs.ood_scores[part],
                model.model.ood_threshold,
                model.predictor.predict_line(place.line),
            )
        )
    return doubted(predictions)


def both_ways(
    model: Deployed, plane: Plane, label: str, kind: str, peer: Recognize | None
) -> Iterator[Value]:
    """Predict a value with the number of its digits declared, and without; let the peer read it."""
    if peer is not None:
        box = (0, 0, plane.shape[1], plane.shape[0])
        yield Value(f"{kind}, peer", label, PlacePrediction("", box, Outcome.SCORED, peer(plane)))
    digits = sum(map(str.isdigit, label))
    symbols = "".join(sorted(set(label) & set(".,- ")))
    for declared, name in ((digits, kind), ("auto", f"{kind}, auto")):
        content = json.dumps({"digits": declared, "symbols": symbols}).encode()
        (prediction,) = predict(model, cut(plane, Layout.parse(content)))
        yield Value(name, label, prediction)


def drawn_values(
    model: Deployed, hand: LabelledImages, count: int, peer: Recognize | None
) -> Iterator[Value]:
    """Predict strips drawn from single digits."""
    for number, kind in enumerate(KINDS):
        for index in range(count):
            digits = LENGTHS[index % len(LENGTHS)]
            strip = draw_strip(hand, kind, digits, 1_000_000 * (number + 1) + index)
            yield from both_ways(model, strip.plane, strip.value, kind, peer)


def drawn_cells(model: Deployed, hand: LabelledImages, seconds: list[float]) -> Iterator[Value]:
    """Predict the cells of sheets that were scanned in several ways."""
    layout = Layout.parse(json.dumps({"grid": GRID}).encode())
    for number, (name, scan) in enumerate(SCANS.items()):
        sheet = draw_sheet(hand, GRID, CELL, scan, seed=number)
        started = perf_counter()
        predictions = predict(model, cut(sheet.plane, layout))
        seconds.append(perf_counter() - started)
        for label, prediction in zip(sheet.values, predictions, strict=True):
            yield Value(f"cells, {name}", label, prediction)


def listed_values(
    model: Deployed, lists: Sequence[Path], peer: Recognize | None
) -> Iterator[Value]:
    """Predict the images of lists."""
    limits = Limits(longest_side=LAYOUT_PARAMETERS.longest_side)
    for path in lists:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for line in csv.DictReader(lines):
                kind = line.get("kind") or path.stem
                plane = load_plane((path.parent / line["file"]).read_bytes(), limits)
                if isinstance(plane, Rejection):
                    yield from (
                        Value(name, line["label"], None) for name in (kind, f"{kind}, auto")
                    )
                else:
                    yield from both_ways(model, plane, line["label"], kind, peer)


def summary(values: Sequence[Value]) -> dict[str, Any]:
    """Count values and positions that are right, and what would be wrong among the accepted."""
    digits = sum(len(value.label) for value in values)
    accepted = [value for value in values if value.accepted]
    wrong = sum(not value.right for value in accepted)
    interval = binomtest(wrong, max(len(accepted), 1)).proportion_ci(method="exact")
    not_empty = [value for value in values if value.label or value.value]
    return {
        "values": len(values),
        "positions": round(sum(value.positions for value in values) / max(digits, 1), 4),
        "value_accuracy": round(sum(value.right for value in values) / len(values), 4),
        "cuts_wrong": sum(len(value.value) != len(value.label) for value in not_empty),
        "accepted": len(accepted),
        "wrong_accepted": wrong,
        "wrong_accepted_interval": [round(float(bound), 5) for bound in interval],
    }


def report(values: Sequence[Value]) -> dict[str, Any]:
    """Print one row per kind; return them."""
    print("| kind | values | positions right | values right | cuts wrong | accepted | wrong |")
    print("|---|---|---|---|---|---|---|")
    by_kind = {}
    for kind in dict.fromkeys(value.kind for value in values):
        row = summary([value for value in values if value.kind == kind])
        low, high = row["wrong_accepted_interval"]
        print(
            f"| {kind} | {row['values']:,} | {row['positions']:.2%} | {row['value_accuracy']:.2%} "
            f"| {row['cuts_wrong']} | {row['accepted'] / row['values']:.0%} "
            f"| {row['wrong_accepted']} of {row['accepted']:,} ({low:.2%} to {high:.2%}) |"
        )
        by_kind[kind] = row
    return by_kind


def main() -> None:
    """Print the table, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, nargs="+", metavar="LABELS.csv")
    parser.add_argument("--values", type=int, default=200, help="strips of each kind")
    parser.add_argument("--peer", action="store_true", help="an open OCR engine too")
    add_model_options(parser)
    asked = parser.parse_args()
    model = deployed(asked)
    peer = recognizer() if asked.peer else None
    seconds: list[float] = []
    if asked.labels:
        values = list(listed_values(model, asked.labels, peer))
    else:
        hand = load_dataset(data_dir()).test
        values = [
            *drawn_values(model, hand, asked.values, peer),
            *drawn_cells(model, hand, seconds),
        ]
    by_kind = report(values)
    filled = [v for v in values if v.label == "" and v.predicted and v.value]
    lost = [v for v in values if v.label and v.predicted and v.predicted.outcome is Outcome.EMPTY]
    print(f"{len(filled)} empty cells were predicted as filled, {len(lost)} filled ones as empty.")
    speed = {"pages_per_second": round(len(seconds) / sum(seconds), 2)} if seconds else {}
    print(json.dumps({"by_kind": by_kind, **speed}))


if __name__ == "__main__":
    main()
