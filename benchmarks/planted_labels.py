"""How many wrong labels does a check find? Wrong ones are planted among MNIST's training images.

    MNIST_DATA_DIR=… python -m benchmarks.planted_labels [--planted 600] [--folds 3]

Labels of random images are replaced by random other digits. Then
every image is predicted out of fold, as the deployment `check-labels` does it. Printed: how many of
the planted ones are contradicted at all and with confidence, how many stand among the first as many
as were planted, and what else is contradicted. The last line is one JSON object.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from mnist.data.datasets import load_dataset
from mnist.data.labelled import LabelledImages
from mnist.evaluation.confident_learning import suspected_label_errors
from mnist.training.out_of_fold import out_of_fold
from mnist.training.recipes import get_recipe


def main() -> None:
    """Plant, predict, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", type=int, default=600, help="labels that are replaced")
    parser.add_argument("--folds", type=int, default=3, help="parts of the training images")
    arguments = parser.parse_args()
    train = load_dataset(Path(os.environ["MNIST_DATA_DIR"])).train
    rng = np.random.default_rng(0)
    planted = rng.choice(train.n, arguments.planted, replace=False)
    labels = train.labels.copy()
    labels[planted] = (labels[planted] + rng.integers(1, 10, len(planted))) % 10
    started, cpu = time.perf_counter(), time.process_time()
    probabilities = out_of_fold(
        get_recipe("demo"),
        LabelledImages(train.images, labels),
        np.arange(train.n),
        folds=arguments.folds,
        seed=0,
        on_fold=lambda fold: print(f"fold {fold} of {arguments.folds} is predicted", flush=True),
    )
    suspects = suspected_label_errors(labels, probabilities)
    hits = np.isin(suspects.index, planted)
    result = {
        "images": train.n,
        "planted": len(planted),
        "contradicted": len(hits),
        "planted_contradicted": int(hits.sum()),
        "confident": int(suspects.confident.sum()),
        "planted_confident": int(hits[suspects.confident].sum()),
        "planted_among_the_first": int(hits[: len(planted)].sum()),
        "wall_seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
    for name, value in result.items():
        print(f"{name.replace('_', ' '):26} {value:,}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
