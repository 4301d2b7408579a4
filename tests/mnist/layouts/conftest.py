"""Drawn digits, and a network that reads them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages
from mnist.digits import Images
from mnist.layouts import Cut, PlacePrediction, resolve
from mnist.scoring.graphs import Predictor
from tests.factories import digit_images, template_graph

Predict = Callable[[Sequence[Cut]], list[PlacePrediction]]


@pytest.fixture(scope="session")
def hand() -> LabelledImages:
    """The ten digits in print."""
    labels = np.arange(10)
    return LabelledImages(digit_images(labels), labels)


@pytest.fixture(scope="session")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    path: Path = tmp_path_factory.mktemp("graph") / "templates.onnx"
    return Predictor(path, template_graph(path))


@pytest.fixture(scope="session")
def predict(predictor: Predictor, hand: LabelledImages) -> Predict:
    """Predict cuts one by one; what is like none of the ten digits is unlike a digit."""
    templates = hand.images.reshape(10, -1).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)

    def ood_scores(images: Images) -> NDArray[np.float32]:
        flat = images.reshape(-1, 784).astype(np.float32)
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1)
        return np.asarray(0.8 - (flat @ templates.T).max(axis=1), np.float32) * 40

    def each(cuts: Sequence[Cut]) -> list[PlacePrediction]:
        return [
            resolve(cut, predictor.predict(cut.candidates), ood_scores(cut.candidates), 0.0)
            for cut in cuts
        ]

    return each
