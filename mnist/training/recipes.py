"""Named recipes: which network, trained how, and what to expect. Nothing here needs Keras."""

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from mnist.errors import InvalidRecipe

_FEWEST_STEPS = 400


PORTIONS = 10
"""Parts of the training of a line network: after each its state is kept and its progress told."""

HIGH, MEDIUM, LOW = "high", "medium", "low"
"""Complexity classes: several stages of learned features; one or two; none."""

RETRAIN, COMPARE_MODELS = "retrain", "compare-models"
"""Deployments that train: one recipe for the gates, or the recipes of the standard comparison."""


@dataclass(frozen=True)
class Augmentation:
    """Random changes of a training image; each image draws its own strength, uniformly.

    Attributes:
        rotation_degrees: Largest turn, either way.
        shear: Largest slant: horizontal shift for each pixel of height.
        scale: Largest relative change of width and, independently, of height.
        shift_pixels: Largest shift along each axis.
        pen_share: Share of images whose strokes become thicker or thinner.
        blur_share: Share of images that are blurred.
    """

    rotation_degrees: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    shift_pixels: float = 0.0
    pen_share: float = 0.0
    blur_share: float = 0.0


@dataclass(frozen=True)
class Expectation:
    """One training on MNIST's 55,000 training images, with two cores; only `fast` had them alone.

    Attributes:
        cpu_seconds: Processor time of the training over all cores.
        accuracy: Share of the 10,000 test images predicted correctly, 0-1.
        complexity: `HIGH`, `MEDIUM` or `LOW`.
        deployment: What trains it, `RETRAIN` or `COMPARE_MODELS`.
    """

    cpu_seconds: float
    accuracy: float
    complexity: str = MEDIUM
    deployment: str = RETRAIN


def header(name: str, expected: Expectation | None) -> str:
    """Write the header of an experiment: what a recipe costs and what to expect of it."""
    if expected is None:
        return f"{name}: not measured yet, so nothing is expected of it."
    return (
        f"{name}: on MNIST expect about {expected.cpu_seconds:.0f} CPU seconds and a test accuracy "
        f"of {expected.accuracy:.4f}."
    )


@dataclass(frozen=True)
class Recipe:
    """Everything that shapes a training run, except the data and the seed.

    Attributes:
        name: What people call it.
        architecture: A name of `mnist.training.models.ARCHITECTURES`.
        epochs: Passes over the training images at the most.
        batch_size: Images for each step.
        peak_learning_rate: Top of the one-cycle schedule: linear up, cosine down to 0
            (Smith and Topin 2019).
        warmup_share: Part of all steps spent going up.
        label_smoothing: Probability spread evenly over the digits (Szegedy et al. 2016).
        weight_decay: Decoupled weight decay (Loshchilov and Hutter 2019).
        dropout: Share of features dropped before the last layer.
        width: Multiplies the channels of the architecture.
        patience: Epochs without a better validation loss before training stops.
        outliers: Pictures that are not one digit, drawn anew for each training and learned as an
            eleventh answer; 0 leaves the network with ten.
        members: Networks trained with different seeds and averaged into one.
        precision: Keras dtype policy of the training steps; the result is always float32.
        augmentation: Random changes of the training images.
        strips: Lines of several digits that are drawn to train a line network on; 0 trains none.
        hands: How often each image of the public hands is shown per epoch, where they are there.
        dataset_repeats: How often each image of the dataset is shown per epoch beside public hands,
            which are nearly as many.
        expected: What it cost and reached when it was last measured; no part of its identity.
    """

    name: str
    architecture: str
    epochs: int
    batch_size: int = 128
    peak_learning_rate: float = 0.01
    warmup_share: float = 0.25
    label_smoothing: float = 0.1
    weight_decay: float = 0.0
    dropout: float = 0.0
    width: float = 1.0
    patience: int = 3
    outliers: int = 0
    members: int = 1
    precision: str = "float32"
    augmentation: Augmentation = field(default_factory=Augmentation)
    strips: int = 0
    hands: int = 0
    dataset_repeats: int = 1
    expected: Expectation | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience", "members"):
            if getattr(self, name) < 1:
                raise InvalidRecipe(
                    f"Recipe {self.name!r} has {name} = {getattr(self, name)}; expected at "
                    "least 1, or there is nothing to train."
                )

    def hyperparameters(self) -> dict[str, Any]:
        """Return what shapes the training, as plain values."""
        return {name: value for name, value in asdict(self).items() if name != "expected"}

    def for_images(self, count: int) -> Self:
        """Return the recipe with as many epochs as a small training set needs.

        A schedule counts in steps: two epochs of 55,000 images are 860 of them, two epochs of
        1,300 images are 20, after which no network has learned a digit. Where MNIST is absent,
        the bundled digits take its place and need this.

        Args:
            count: Training images there are.
        """
        steps_per_epoch = max(1, count // self.batch_size)
        needed = math.ceil(_FEWEST_STEPS / steps_per_epoch)
        if needed <= self.epochs:
            return self
        patience = math.ceil(self.patience * needed / self.epochs)
        return replace(self, epochs=needed, patience=patience)


_AFFINE = Augmentation(rotation_degrees=10, shear=0.1, scale=0.1, shift_pixels=2)
_AFFINE_AND_PENS = replace(_AFFINE, pen_share=0.25, blur_share=0.25)
_FAST = Recipe(
    "fast",
    "deep-cnn",
    epochs=8,
    patience=8,  # while the learning rate is high the loss jumps: the schedule is always finished
    width=0.5,
    precision="mixed_bfloat16",
    outliers=12_000,
    strips=150_000,
    augmentation=_AFFINE_AND_PENS,
    hands=1,
    dataset_repeats=2,
    expected=Expectation(138, 0.9961),
)
_BEST = replace(
    _FAST,
    name="best",
    epochs=12,
    patience=12,
    width=1.0,
    dropout=0.3,
    expected=Expectation(331, 0.9962),
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        replace(
            _FAST,
            name="demo",
            epochs=3,
            outliers=0,
            strips=0,
            hands=0,
            dataset_repeats=1,
            augmentation=_AFFINE,
            expected=Expectation(30, 0.995),
        ),
        _FAST,
        _BEST,
        replace(_BEST, name="ensemble", members=3, expected=Expectation(976, 0.9971)),
        Recipe(
            "complex-cnn",
            "complex-cnn",
            epochs=8,
            peak_learning_rate=0.002,
            dropout=0.3,
            augmentation=_AFFINE,
            expected=Expectation(364, 0.9963, HIGH, COMPARE_MODELS),
        ),
        Recipe(
            "simple-cnn",
            "simple-cnn",
            epochs=16,
            peak_learning_rate=0.004,
            dropout=0.1,
            augmentation=_AFFINE,
            expected=Expectation(235, 0.9948, MEDIUM, COMPARE_MODELS),
        ),
        Recipe(
            "mlp",
            "mlp",
            epochs=10,
            peak_learning_rate=0.004,
            dropout=0.1,
            augmentation=_AFFINE,
            expected=Expectation(63, 0.991, MEDIUM, COMPARE_MODELS),
        ),
        Recipe(  # an MLP with the parameters, epochs and images of simple-cnn
            "flattened",
            "mlp",
            epochs=16,
            peak_learning_rate=0.004,
            width=0.081,
            augmentation=_AFFINE,
            expected=Expectation(28, 0.9789, MEDIUM, COMPARE_MODELS),
        ),
    )
}
"""Every recipe by its name; one entry holds all that is specific to it."""


def get_recipe(name: str) -> Recipe:
    """Find a recipe by its name.

    Raises:
        InvalidRecipe: If there is none; the message lists those there are.
    """
    if name not in RECIPES:
        raise InvalidRecipe(f"There is no recipe {name!r}; choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]
