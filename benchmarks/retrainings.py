"""What the promotion gate says of retrainings of one recipe.

    MNIST_DATA_DIR=... python -m benchmarks.retrainings [--recipe demo] [--seeds 3]

Trains one recipe with several seeds, calibrates each on the validation images, and lets every model
stand as candidate against every other. The last line is one JSON object: "<candidate> <champion>"
-> the comparison. With recipe `demo` about 40 CPU seconds per seed, plus 10 for the corruptions.
"""

import argparse
import itertools
import json
import os
from pathlib import Path

import numpy as np

from mnist.data.datasets import Dataset, load_dataset
from mnist.data.splits import split
from mnist.digits import Images, Probabilities
from mnist.evaluation.calibration import apply_temperature, fit_temperature
from mnist.evaluation.corruptions import corruption_accuracies
from mnist.evaluation.metrics import evaluate
from mnist.evaluation.slices import named_slices
from mnist.promotion import Evidence, Policy, decide
from mnist.training.recipes import get_recipe
from mnist.training.train import train

CORRUPTED = 2_000


def retrain(data: Dataset, recipe: str, seed: int) -> Evidence:
    """Train once and print what the model is worth."""
    training, validation = split(data.train, seed=0, validation_share=0.1)
    model = train(get_recipe(recipe), training, validation, seed=seed).model

    def predict(images: Images) -> Probabilities:
        return np.asarray(model.predict(images, batch_size=250, verbose=0), np.float32)

    temperature = fit_temperature(validation.labels, predict(validation.images))
    raw = predict(data.test.images)
    found = Evidence(
        data.test.labels,
        apply_temperature(raw, temperature),
        data.test.digest,
        data.test_writers,
        model="digits",
        model_version=str(seed),
        slices=named_slices(data.test.images, data.test_writers),
        corruptions=corruption_accuracies(
            predict, data.test.images[:CORRUPTED], data.test.labels[:CORRUPTED]
        ),
    )
    before, after = evaluate(data.test.labels, raw), evaluate(found.labels, found.probabilities)
    print(
        f"seed {seed}: accuracy {after.accuracy:.4f}, temperature {temperature:.2f}, calibration "
        f"error {before.calibration_error:.4f} -> {after.calibration_error:.4f}, Brier "
        f"{after.brier:.4f}, log loss {before.log_loss:.4f} -> {after.log_loss:.4f}, corruptions "
        f"{np.mean(list((found.corruptions or {}).values())):.3f}",
        flush=True,
    )
    return found


def main() -> None:
    """Train, let each judge each, then print the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="demo")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    data = load_dataset(Path(os.environ["MNIST_DATA_DIR"]))
    models = [retrain(data, options.recipe, seed) for seed in range(options.seeds)]
    result = {}
    for candidate, champion in itertools.permutations(models, 2):
        decision = decide(candidate, champion, Policy())
        pair = f"{candidate.model_version} {champion.model_version}"
        print(f"{pair}: {decision.verdict.words}, {decision.reasons[0]}", flush=True)
        result[pair] = {
            "verdict": decision.verdict.value,
            "promote": decision.promote,
            **decision.evidence["comparison"],
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
