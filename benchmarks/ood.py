"""How well "this is not one digit" is told, by which score, and what it costs.

    python -m benchmarks.ood [--model PATH.onnx] [--images 500]

Draws sets of pictures that are not one digit (`benchmarks.ood_sets`), decodes them as batches do,
and lets the champion, or `--model`, read them. Against MNIST's test digits: the area under the ROC
curve (AUROC) and the share of the set that passes when 95 % of the digits do (FPR@95), for the
score in the graph and for the largest probability; then what becomes of each set in production: the
shares that are rejected, get a warning, are called no digit, or are accepted without a person's
look, by the thresholds of the version. The last line is one JSON object with auroc, fpr95, warned,
not_a_digit and accepted, by set.
About a minute on one core for 500 pictures each.
"""

import argparse
import json

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.deployed import add_model_options, data_dir, deployed
from benchmarks.ood_sets import Artist, decoded
from mnist.data.datasets import load_dataset
from mnist.digits import Outputs
from mnist.images import Decoded
from mnist.scoring.predictions import columns_of


def compare(digits: NDArray[np.float32], others: NDArray[np.float32]) -> tuple[float, float]:
    """Return AUROC and FPR@95 of a score that is larger for what is no digit."""
    truth = np.concatenate((np.zeros(len(digits)), np.ones(len(others))))
    area = roc_auc_score(truth, np.concatenate((digits, others)))
    return float(area), float(np.mean(others <= np.quantile(digits, 0.95)))


def largest(outputs: Outputs) -> NDArray[np.float32]:
    """Score by the largest probability, as most do (Hendrycks and Gimpel 2017)."""
    return np.asarray(-outputs.probabilities.max(axis=1), np.float32)


def main() -> None:
    """Print one row per set, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_model_options(parser)
    parser.add_argument("--images", type=int, default=500)
    options = parser.parse_args()
    model, predictor = deployed(options)
    test = load_dataset(data_dir()).test.images
    artist = Artist(7, test)
    known = predictor.outputs(test)
    missed = float((known.ood_scores > model.no_digit_threshold).mean())
    print(f"{missed:.2%} of MNIST's test digits are called no digit.")
    result: dict[str, dict[str, float]] = {
        name: {} for name in ("auroc", "fpr95", "warned", "not_a_digit", "accepted")
    }
    print(
        "| set | AUROC | FPR@95 | AUROC of largest p | FPR@95 of it | rejected | shape warns "
        "| any warns | not a digit | accepted |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, draw in {"digits, bent": artist.digit, **artist.kinds}.items():
        results = decoded(draw, options.images)
        images = [image for image in results if isinstance(image, Decoded)]
        rejected = len(results) - len(images)
        if not images:
            print(f"| {name} | | | | | 100% | | | | 0% |", flush=True)
            continue
        outputs = predictor.outputs(np.stack([image.pixels for image in images]))
        by_shape = np.array([bool(image.warnings) for image in images])
        judged = columns_of(outputs, by_shape, model)
        area, passing = compare(known.ood_scores, outputs.ood_scores)
        usual = compare(largest(known), largest(outputs))
        shares = [
            count / len(results)
            for count in (
                rejected,
                by_shape.sum(),
                (by_shape | judged.unlike).sum(),
                judged.no_digit.sum(),
                judged.accepted.sum(),
            )
        ]
        print(
            f"| {name} | {area:.3f} | {passing:.2f} | {usual[0]:.3f} | {usual[1]:.2f} | "
            + " | ".join(f"{share:.0%}" for share in shares)
            + " |",
            flush=True,
        )
        for key, value in zip(result, (area, passing, *shares[2:]), strict=True):
            result[key][name] = round(float(value), 4)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
