"""Named recipes: which network, trained how. Plain values; nothing here needs Keras."""

import math
from dataclasses import dataclass, field, replace

from mnist.errors import InvalidRecipe

_FEWEST_STEPS = 400


@dataclass(frozen=True)
class Distortion:
    """Random changes of a training image; each image draws its own strength, uniformly.

    Attributes:
        rotation_degrees: Largest turn, either way.
        shear: Largest slant: horizontal shift for each pixel of height.
        scale: Largest relative change of width and, independently, of height.
        shift_pixels: Largest shift along each axis.
        elastic_pixels: Standard deviation of a smooth random displacement field
            (Simard et al. 2003).
        thickness: Largest share of a one-pixel dilation or erosion.
    """

    rotation_degrees: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    shift_pixels: float = 0.0
    elastic_pixels: float = 0.0
    thickness: float = 0.0


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
        members: Networks trained with different seeds and averaged into one.
        precision: Keras dtype policy of the training steps; the result is always float32.
        distortion: Random changes of the training images.
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
    members: int = 1
    precision: str = "float32"
    distortion: Distortion = field(default_factory=Distortion)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience", "members"):
            if getattr(self, name) < 1:
                raise InvalidRecipe(
                    f"Recipe {self.name!r} has {name} = {getattr(self, name)}; expected at "
                    "least 1, or there is nothing to train."
                )

    def for_images(self, count: int) -> "Recipe":
        """Return the recipe with as many epochs as a small training set needs.

        A schedule counts in steps: two epochs of 55,000 images are 860 of them, two epochs of
        1,300 images are 20, after which no network has learned to read. Where MNIST is absent,
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


_AFFINE = Distortion(rotation_degrees=10, shear=0.1, scale=0.1, shift_pixels=2)
_FAST = Recipe(
    "fast",
    "deep-cnn",
    epochs=8,
    patience=8,  # while the learning rate is high the loss jumps: the schedule is always finished
    width=0.5,
    precision="mixed_bfloat16",
    distortion=_AFFINE,
)

_BEST = replace(_FAST, name="best", epochs=20, patience=20, width=1.0, dropout=0.3)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        replace(_FAST, name="demo", epochs=3),
        _FAST,
        _BEST,
        replace(_BEST, name="ensemble", members=3),
        Recipe(
            "complex-cnn",
            "complex-cnn",
            epochs=8,
            peak_learning_rate=0.002,
            dropout=0.3,
            distortion=_AFFINE,
        ),
        Recipe(
            "simple-cnn",
            "simple-cnn",
            epochs=16,
            peak_learning_rate=0.004,
            dropout=0.1,
            distortion=_AFFINE,
        ),
        Recipe("mlp", "mlp", epochs=10, peak_learning_rate=0.004, dropout=0.1, distortion=_AFFINE),
        Recipe(
            "flattened", "mlp", epochs=16, peak_learning_rate=0.004, width=0.081, distortion=_AFFINE
        ),
    )
}
"""Every recipe by its name."""


def get_recipe(name: str) -> Recipe:
    """Find a recipe by its name.

    Raises:
        InvalidRecipe: If there is none; the message lists those there are.
    """
    if name not in RECIPES:
        raise InvalidRecipe(f"There is no recipe {name!r}; choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]
