"""The model that reads in a benchmark, with the thresholds that it has in production."""

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnist import services
from mnist.candidates.candidate import review_thresholds
from mnist.data.datasets import load_dataset
from mnist.data.splits import split
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.settings import load_settings


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

    The champion brings its thresholds. Those of a file are worked out as a training works them out,
    from MNIST's validation images: by seed 0, so a file trained by another seed has seen some.
    """
    if asked.model is None:
        registry = services.current().registry
        model = registry.champion()
        predictor = registry.predictor(model)
    else:
        digest = hashlib.sha256(asked.model.read_bytes()).hexdigest()
        predictor = Predictor(asked.model, digest)
        accept, ood = asked.accept_confidence, asked.ood_threshold
        if accept is None or ood is None:
            accept, ood = _thresholds(predictor)
        model = PinnedModel(asked.model.name, digest[:8], digest, accept, ood)
    given = {
        name: value
        for name in ("accept_confidence", "ood_threshold")
        if (value := getattr(asked, name)) is not None
    }
    return Deployed(replace(model, **given), predictor)


def _thresholds(predictor: Predictor) -> tuple[float, float]:
    settings = load_settings()
    _, validation = split(load_dataset(settings.data_dir).train, seed=0)
    outputs = predictor.outputs(validation.images)
    return review_thresholds(validation.labels, outputs, settings.max_accepted_error_rate)
