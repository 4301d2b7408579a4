"""How well digits are read on paper, boards and under light as people photograph them.

    python -m benchmarks.grounds [--model PATH.onnx] [--images 100] [--seed 0]

Draws the test digits on grounds made here, which nobody could tune anything to beforehand, and
reads them with the champion or another scoring graph. A rejected image counts as read wrong. The
last line is one JSON object: accuracy by ground, and their mean. About 30 seconds on one core.
"""

import argparse
import json
from typing import Any

import numpy as np

from benchmarks.deployed import add_model_options, data_dir, deployed
from benchmarks.pages import GROUNDS, Drawing, photographed
from mnist.data.datasets import load_dataset
from mnist.images import Decoded, decode


def main() -> None:
    """Print one row per ground, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_model_options(parser)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    predictor = deployed(asked).predictor
    test = load_dataset(data_dir()).test
    found: dict[str, Any] = {}
    print("| ground | accuracy | with a warning |\n|---|---|---|")
    for name, draw in GROUNDS.items():
        dice = np.random.default_rng(asked.seed)
        right = warned = 0
        for row in dice.choice(test.n, asked.images, replace=False):
            drawn = draw(Drawing(test.images[row], dice))
            result = decode(photographed(drawn, dice))
            if isinstance(result, Decoded):
                read = predictor.predict(result.pixels[None])[0].argmax()
                right += int(read == test.labels[row])
                warned += bool(result.warnings)
        found[name] = round(right / asked.images, 4)
        print(f"| {name} | {found[name]:.0%} | {warned / asked.images:.0%} |", flush=True)
    print(json.dumps({"by_ground": found, "mean": round(float(np.mean([*found.values()])), 4)}))


if __name__ == "__main__":
    main()
