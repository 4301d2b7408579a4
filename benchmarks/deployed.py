"""The model that reads in a benchmark, with the thresholds that it has in production."""

import argparse
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnist import services
from mnist.acceptance.thresholds import ReviewThresholds, review_thresholds
from mnist.data.datasets import load_dataset
from mnist.data.splits import split
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.settings import Settings


class Deployed(NamedTuple):
    """A scoring graph and what decides which of its predictions a person looks at."""

    model: PinnedModel
    predictor: Predictor


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Let people name a file instead of the champion, and thresholds instead of its own."""
    parser.add_argument("--model", type=Path, help="a scoring graph; without it the champion")
    parser.add_argument("--accept-confidence", type=float, help="instead of the model's own")
    parser.add_argument("--ood-threshold", type=float, help="instead of the model's own")


def deployed(asked: argparse.Namespace) -> Deployed:
    """Take the file that `add_model_options` names, or the champion.

    The champion is judged as in production. The thresholds of a file are worked out as a training
    works them out, from MNIST's validation images (by seed 0, so a file trained by another seed has
    seen some), and it is as cautious as a version of which nobody has audited anything.
    """
    if asked.model is None:
        parts = services.current()
        model = parts.acceptance.judged(parts.registry.champion())
        predictor = parts.registry.predictor(model)
    else:
        predictor = graph(asked.model)
        given = (asked.accept_confidence, asked.ood_threshold)
        thresholds = _thresholds(predictor) if None in given else given
        model = PinnedModel(asked.model.name, "file", predictor.sha256, *thresholds)
    instead = {
        name: value
        for name in ("accept_confidence", "ood_threshold")
        if (value := getattr(asked, name)) is not None
    }
    return Deployed(replace(model, **instead), predictor)


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


def _thresholds(predictor: Predictor) -> ReviewThresholds:
    _, validation = split(load_dataset(data_dir()).train, seed=0)
    outputs = predictor.outputs(validation.images)
    chosen = review_thresholds(validation.labels, outputs, default_of("max_accepted_error_rate"))
    cautious = max(chosen.accept_confidence, default_of("cautious_confidence"))
    return chosen._replace(accept_confidence=cautious)


def default_of(setting: str) -> float:
    """Give the default of a setting that is a number."""
    return float(Settings.model_fields[setting].default)
