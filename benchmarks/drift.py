"""Whether monitoring names the right cause: nine planted changes, drawn, decoded, predicted.

    MNIST_DATA_DIR=... python -m benchmarks.drift [--model PATH.onnx] [--images 1000]

MNIST's test images become scans: larger, dark ink on light paper, unsharp and noisy. The reference
and each changed day hold other images; a day without a change comes first. The last line is one
JSON object: change -> the causes named, and `right`, how many of the ten are named right. About
three minutes on one core.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from benchmarks.deployed import champion, data_dir, graph
from mnist.data.datasets import Dataset, load_dataset
from mnist.digits import Image
from mnist.images import Decoded, decode
from mnist.keys import ObjectVersion
from mnist.monitoring.drift import Limits, compare
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.rows import Content, rows_of

_STAMP = {
    "model_name": "digits",
    "model_version": "1",
    "model_digest": "m",
    "preprocessing_digest": "p",
    "batch": "day",
    "chunk": "c",
    "scored_at": datetime(2026, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True)
class Scanner:
    """How a digit becomes a scan.

    Attributes:
        height: Of a field, in pixels.
        shape: Its width over its height.
        paper: Grey level of the paper.
        ink: Grey level of the ink.
        blur: Standard deviation of the lens, in pixels.
        pen: By how much strokes are thicker, in pixels of the 28x28 image.
        slant: By how many pixels the hand leans right for each pixel of height.
        frame: Whether the form's printed line runs through the lower edge of the field.
    """

    height: int = 84
    shape: float = 1.0
    paper: float = 235
    ink: float = 60
    blur: float = 0.8
    pen: float = 0.0
    slant: float = 0.0
    frame: bool = False

    def scan(self, image: Image, random: np.random.Generator) -> bytes:
        """Draw one scan and encode it as PNG."""
        height, width = self.height, round(self.height * self.shape)
        side = round(min(height, width) * 0.9)
        digit = cv2.resize(image.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
        shear = np.array([[1, -self.slant, self.slant * side / 2], [0, 1, 0]], np.float32)
        digit = cv2.warpAffine(digit, shear, (side, side), flags=cv2.INTER_CUBIC)
        digit = cv2.dilate(digit, np.ones((1 + round(self.pen * side / 28),) * 2, np.uint8))
        field = np.zeros((height, width), np.float32)
        top, left = (height - side) // 2, (width - side) // 2
        field[top : top + side, left : left + side] = np.clip(digit, 0, 255) / 255
        if self.frame:
            field[-3:-1] = 1
        blurred = cv2.GaussianBlur(field, (0, 0), self.blur)
        paper, ink = self.paper + random.normal(0, 5), self.ink + random.normal(0, 12)
        grey = paper + (ink - paper) * blurred + random.normal(0, 2, field.shape)
        return cv2.imencode(".png", np.clip(grey, 0, 255).astype(np.uint8))[1].tobytes()


USUAL = Scanner()

CHANGES = {
    "nothing": (USUAL, set()),
    "mix": (USUAL, {"mix"}),
    "pen": (replace(USUAL, pen=1.5), {"pen"}),
    "scanner brightness": (replace(USUAL, paper=205, ink=30), {"brightness"}),
    "contrast": (replace(USUAL, paper=215, ink=110), {"contrast"}),
    "size": (replace(USUAL, height=126, blur=1.2), {"size"}),
    "blur": (replace(USUAL, blur=2.4), {"blur"}),
    "new writers": (replace(USUAL, slant=0.4), {"writers"}),
    "new form": (replace(USUAL, shape=1.5), {"form"}),
    "all at once": (
        Scanner(126, 1.5, 205, 90, 3.0, 1.5),
        {"mix", "form"},
    ),
}
"""Change -> how days are scanned then, and the causes that are right."""

REFERENCE = "reference"
MIXED = ("mix", "all at once")
OTHERS = ("new writers", "all at once")


def rows(contents: list[bytes], predictor: Predictor, model: PinnedModel) -> pa.Table:
    """Decode and predict scans as a batch does."""
    results = [decode(content) for content in contents]
    pixels = [result.pixels for result in results if isinstance(result, Decoded)]
    made = [
        Content(
            ObjectVersion(f"day/{number}.png", "e", len(content)),
            1,
            warnings=result.warnings,
            pipeline=result.pipeline,
            source=result.source,
        )
        if isinstance(result, Decoded)
        else Content(ObjectVersion(f"day/{number}.png", "e", 1), 1, reason=result.reason)
        for number, (content, result) in enumerate(zip(contents, results, strict=True))
    ]
    images = np.stack(pixels)
    ink = images.mean(axis=(1, 2)) / 255
    return rows_of(made, predictor.outputs(images), ink, model, _STAMP)


def days(data: Dataset, images: int) -> Callable[[str], list[Image]]:
    """Say which digits are written on a day; none of them is among those of the reference.

    The usual writers are NIST's employees, the new ones its students, who lean their digits.
    """
    random = np.random.default_rng(1)
    others = random.permutation(5_000)  # students come first
    reference, usual = np.split(5_000 + random.permutation(5_000), [2 * images])

    def digits(day: str) -> list[Image]:
        pool = reference if day == REFERENCE else others if day in OTHERS else usual
        chosen = pool if day == REFERENCE else random.permutation(pool)
        if day in MIXED:  # half of them are ones
            is_one = data.test.labels[chosen] == 1
            chosen = np.concatenate([chosen[is_one][: images // 2], chosen[~is_one]])
        count = 2 * images if day == REFERENCE else images
        return [data.test.images[row] for row in chosen[:count]]

    return digits


def main() -> None:
    """Print one row per change, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--images", type=int, default=1_000)
    options = parser.parse_args()
    predictor = graph(options.model) if options.model else champion()
    model = PinnedModel("digits", "1", predictor.sha256, accept_confidence=0.5)
    data = load_dataset(data_dir())
    digits = days(data, options.images)
    random = np.random.default_rng(0)

    def day(change: str, scanner: Scanner) -> pa.Table:
        return rows([scanner.scan(image, random) for image in digits(change)], predictor, model)

    reference = day(REFERENCE, USUAL)
    named: dict[str, list[str]] = {}
    right = 0
    print("| change | verdict | causes named | right | measures that moved |")
    print("|---|---|---|---|---|")
    for change, (scanner, expected) in CHANGES.items():
        comparison = compare(reference, day(change, scanner), Limits())
        named[change] = [str(cause) for cause in comparison.causes]
        is_right = expected <= set(named[change]) and (
            set(named[change]) == expected or change == "all at once"
        )
        right += is_right
        moved = ", ".join(d.measure.name for d in comparison.drifts if d.has_moved)
        print(
            f"| {change} | {comparison.verdict} | {', '.join(named[change])} "
            f"| {'yes' if is_right else 'no'} | {moved} |",
            flush=True,
        )
    print(json.dumps({"named": named, "right": right}))


if __name__ == "__main__":
    main()
