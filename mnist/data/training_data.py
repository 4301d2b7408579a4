"""The images of one training run: to learn from, to select by, to be measured on."""

from dataclasses import dataclass
from pathlib import Path

from mnist.data.checks import check_classes, find_duplicates
from mnist.data.datasets import Dataset, load_dataset
from mnist.data.labelled import LabelledImages
from mnist.data.splits import split
from mnist.errors import InvalidDataset

_PAIRS_NAMED = 5


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
        InvalidDataset: If a file is missing or is not what it claims to be, a digit is missing, or
            a test image is among those to learn from.
    """
    dataset = load_dataset(data_dir)
    train, validation = split(dataset.train, seed=seed)
    data = TrainingData(dataset, train, validation)
    check_training_data(data)
    return data


def check_training_data(data: TrainingData) -> None:
    """Refuse data on which time would be wasted, or whose test would flatter.

    Raises:
        InvalidDataset: Naming the digits that are missing, or test images that are also there to
            learn from.
    """
    check_classes(data.train, name="training data")
    check_classes(data.validation, name="validation data")
    check_classes(data.dataset.test, name="test data")
    leaked = find_duplicates(data.dataset.train, data.dataset.test)
    if len(leaked):
        pairs = ", ".join(f"{train} = {test}" for train, test in leaked[:_PAIRS_NAMED].tolist())
        raise InvalidDataset(
            f"{len(leaked):,} test images are also training images, pixel for pixel (rows of "
            f"training = test data: {pairs}), so the test would flatter; remove them from the "
            "training data."
        )
