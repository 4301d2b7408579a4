"""Checking the labels of the training data by networks that have not learned from them."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from mnist.data.training_data import TrainingData
from mnist.digits import Probabilities
from mnist.evaluation.confident_learning import Suspects, suspected_label_errors
from mnist.operations.retraining import Retraining
from mnist.parts import Parts
from mnist.provenance import code_digest, environment
from mnist.registry.catalogue import LABEL_CHECK, LABEL_CHECK_RUN, LABEL_CHECKS
from mnist.tables import PROBABILITY_COLUMNS, to_parquet
from mnist.training.out_of_fold import out_of_fold
from mnist.training.recipes import get_recipe

_NETWORK = "demo"
"""Recipe of the networks: short, and good enough to contradict a label."""


class CheckingLabels:
    """The steps of a check, over a data folder, the labels bucket and a registry."""

    def __init__(self, parts: Parts) -> None:
        self._retraining = Retraining(parts)
        self._log = parts.comparison_log(LABEL_CHECKS)

    def load(self, recipe: str, seed: int) -> TrainingData:
        """Load what a retraining of this recipe learns from, wrong labels among it.

        Raises:
            InvalidRecipe: If there is no such recipe.
            InvalidDataset: If a file is missing or is not what it claims to be.
        """
        return self._retraining.load(seed, get_recipe(recipe), with_wrong_labels=True)

    def predict(
        self, data: TrainingData, folds: int, seed: int, on_fold: Callable[[int], None]
    ) -> Probabilities:
        """Predict every training image out of fold; see `out_of_fold`."""
        images, groups = data.dataset.train, data.originals
        recipe = get_recipe(_NETWORK)
        return out_of_fold(recipe, images, groups, folds=folds, seed=seed, on_fold=on_fold)

    def conclude(
        self, data: TrainingData, probabilities: Probabilities, recipe: str, folds: int, seed: int
    ) -> dict[str, Any]:
        """Log predictions and numbers as one run; return a table in Markdown and its address."""
        labels = data.dataset.train.labels
        suspects = suspected_label_errors(labels, probabilities)
        markdown = _table(data, suspects)
        run = self._log.begin(
            f"{LABEL_CHECK_RUN}{recipe}-seed-{seed}",
            {
                "recipe": recipe,
                "network": _NETWORK,
                "folds": folds,
                "seed": seed,
                "dataset": data.dataset.source,
                "dataset_digest": data.dataset.digest,
                "code_digest": code_digest(),
                **environment(),
            },
        )
        metrics = {
            "images": labels.size,
            "contradicted": len(suspects.index),
            "contradicted_confidently": int(suspects.confident.sum()),
            "out_of_fold_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        }
        files = {LABEL_CHECK: _rows(data, probabilities), "label-check.md": markdown.encode()}
        url = self._log.end(run, metrics, files)
        return {"markdown": markdown, "url": url, **metrics}


def _rows(data: TrainingData, probabilities: Probabilities) -> bytes:
    """Write a row for each training image; pixels only of those whose label is contradicted."""
    train = data.dataset.train
    contradicted = probabilities.argmax(axis=1) != train.labels
    pixels = [
        image.tobytes() if keep else None
        for image, keep in zip(train.images, contradicted, strict=True)
    ]
    keys = np.full(train.n, "", object)
    keys[data.rows_of_reviewed] = data.reviewed.keys
    columns: dict[str, Any] = {
        "label": train.labels.astype(np.int8),
        "source": pa.array(data.source_of_rows).dictionary_encode(),
        "key": pa.array(keys.tolist()).dictionary_encode(),
        "sha256": [hashlib.sha256(image.tobytes()).digest() for image in train.images],
        "pixels": pa.array(pixels, pa.binary()),
    }
    columns |= {name: probabilities[:, digit] for digit, name in enumerate(PROBABILITY_COLUMNS)}
    return to_parquet(pa.table(columns))


def _table(data: TrainingData, suspects: Suspects) -> str:
    sources = np.array(data.source_of_rows)
    contradicted, confident = sources[suspects.index], sources[suspects.index[suspects.confident]]
    lines = [
        f"| {name} | {(sources == name).sum():,} | {(contradicted == name).sum():,} "
        f"| {(confident == name).sum():,} |"
        for name in dict.fromkeys(data.source_of_rows)
    ]
    head = ["| source | images | label contradicted | with confidence |", "|---|---|---|---|"]
    return "\n".join([*head, *lines])
