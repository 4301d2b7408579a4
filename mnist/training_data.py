"""The images of one training run: to learn from, to select by, to be measured on."""

from dataclasses import dataclass
from pathlib import Path

from mnist.datasets import Dataset, load_dataset
from mnist.labelled import LabelledImages
from mnist.splits import split


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A dataset whose training images are cut in two.

    Attributes:
        dataset: Where they come from; its test images are touched only to report.
        train: Images to learn from.
        validation: Images to select by.
    """

    dataset: Dataset
    train: LabelledImages
    validation: LabelledImages


def load_training_data(data_dir: Path | None, seed: int) -> TrainingData:
    """Load the images and cut off the validation set that the seed determines.

    Raises:
        InvalidDataset: If a file is missing or is not what it claims to be.
    """
    dataset = load_dataset(data_dir)
    train, validation = split(dataset.train, seed=seed)
    return TrainingData(dataset, train, validation)
