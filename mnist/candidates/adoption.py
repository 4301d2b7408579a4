"""A network of one's own, fitted to the pixels and probabilities that everything here speaks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mnist.candidates.keras_files import read_network
from mnist.data.labelled import LabelledImages
from mnist.digits import CLASSES, SIDE, Images
from mnist.errors import InvalidInput
from mnist.training.backend import ELSEWHERE, keras
from mnist.training.recipes import Recipe
from mnist.training.train import Training

_SHAPES = ((SIDE, SIDE), (SIDE, SIDE, 1), (SIDE * SIDE,))
_SCALES: Mapping[str, tuple[float, float]] = {
    "0 to 1": (1 / 255, 0.0),
    "0 to 255": (1.0, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
    "mean 0, deviation 1 over MNIST": (1 / (255 * 0.3081), -0.1307 / 0.3081),
    "1 to 0, dark ink on light ground": (-1 / 255, 1.0),
}
_TRIED_IMAGES = 2_000
_LEAST_ACCURACY = 0.5
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class AdoptedRecipe(Recipe):
    """Stands where a recipe of ours would; what is known of a network that was trained elsewhere.

    Attributes:
        facts: What to keep about it.
    """

    facts: Mapping[str, str] = field(default_factory=dict)

    def hyperparameters(self) -> dict[str, Any]:
        """Return what is known: nothing of its training."""
        return dict(self.facts)


def adopt_network(path: Path, validation: LabelledImages) -> Training:
    """Read a network and find out which pixels it wants and what it gives.

    It may take (28, 28), (28, 28, 1) or (784,), in any of the usual scales, and give ten logits or
    ten probabilities. The scale is the one with which it is right most often.

    Args:
        path: A `.keras` file.
        validation: Images to find the scale with.

    Returns:
        A training without a history, whose model goes from images to probabilities.

    Raises:
        InvalidInput: If the file is refused, shapes do not fit, or it reads no digits.
    """
    body = read_network(path)
    shapes = body.input_shape, body.output_shape
    if shapes[0] not in [(None, *shape) for shape in _SHAPES] or shapes[1] != (None, CLASSES):
        raise InvalidInput(
            f"The network takes {shapes[0]} and gives {shapes[1]}; expected one input of shape "
            "(28, 28), (28, 28, 1) or (784,) for each image, and ten numbers for the digits 0 to 9."
        )
    images, labels = validation.images[:_TRIED_IMAGES], validation.labels[:_TRIED_IMAGES]
    outputs = {name: _outputs(_scaled(body, name), images) for name in _SCALES}
    accuracies = {
        name: float((output.argmax(axis=1) == labels).mean()) for name, output in outputs.items()
    }
    scale = max(accuracies, key=lambda name: accuracies[name])
    if accuracies[scale] < _LEAST_ACCURACY:
        tried = ", ".join(f"{name}: {share:.1%}" for name, share in accuracies.items())
        raise InvalidInput(
            f"The network is right on {accuracies[scale]:.1%} of {len(labels)} validation images "
            f"at best, so it does not read digits as they are here. Pixels tried: {tried}."
        )
    gives_logits = not _are_probabilities(outputs[scale])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {
        "adopted_file": path.name,
        "adopted_sha256": digest,
        "adopted_input": str(shapes[0][1:]),
        "adopted_pixels": scale,
        "adopted_output": "logits" if gives_logits else "probabilities",
    }
    model = _scaled(body, scale, softmax=gives_logits)
    recipe = AdoptedRecipe(f"adopted-{digest[:8]}", architecture="adopted", epochs=1, facts=facts)
    return Training(
        recipe=recipe,
        seed=0,
        model=model,
        history=[],
        wall_seconds=0.0,
        cpu_seconds=0.0,
        parameters=int(model.count_params()),
        stopped_early=False,
        resumed_from_epoch=0,
        device=ELSEWHERE,
    )


def _scaled(body: Any, scale: str, *, softmax: bool = False) -> Any:
    """Put scaling and shape before a network, and a softmax behind it if it gives logits."""
    factor, offset = _SCALES[scale]
    images = keras.Input((SIDE, SIDE), dtype="uint8", name="images")
    pixels = keras.layers.Rescaling(factor, offset, name="rescale")(images)
    outputs = body(keras.layers.Reshape(body.input_shape[1:], name="shape")(pixels))
    if softmax:
        outputs = keras.layers.Softmax(name="probabilities")(outputs)
    return keras.Model(images, outputs, name="adopted")


def _outputs(model: Any, images: Images) -> Any:
    return np.nan_to_num(np.asarray(model.predict(images, batch_size=500, verbose=0)))


def _are_probabilities(outputs: Any) -> bool:
    return bool(outputs.min() >= 0 and np.abs(outputs.sum(axis=1) - 1).max() < _SUM_TOLERANCE)
