"""What a training is given to learn from, for its record: figures and numbers."""

from dataclasses import dataclass

from mnist.data.checks import find_duplicates
from mnist.data.profile import profile
from mnist.data.profile_plots import (
    plot_class_distribution,
    plot_distributions,
    plot_mean_images,
    plot_samples,
)
from mnist.data.training_data import TrainingData


@dataclass(frozen=True)
class DataDescription:
    """Figures and numbers about the images of one training.

    Attributes:
        files: Name -> PNG.
        metrics: Name -> number, such as `training_stroke_width_median` (pixels).
    """

    files: dict[str, bytes]
    metrics: dict[str, float]


def describe(data: TrainingData) -> DataDescription:
    """Profile training and test images side by side, and count the images that occur twice."""
    profiles = {"training": profile(data.dataset.train), "test": profile(data.dataset.test)}
    metrics = {
        f"{name}_{figure}": value
        for name, found in profiles.items()
        for figure, value in found.summary().items()
    }
    train, test = data.dataset.train, data.dataset.test
    repeats = train.n - len({image.tobytes() for image in train.images})
    return DataDescription(
        files={
            "data/class-distribution.png": plot_class_distribution(profiles),
            "data/mean-images.png": plot_mean_images(profiles["training"]),
            "data/samples.png": plot_samples(train),
            "data/brightness-and-strokes.png": plot_distributions(profiles),
        },
        metrics={
            **metrics,
            "training_images_repeated": float(repeats),
            "test_images_also_in_training": float(len(find_duplicates(train, test))),
        },
    )
