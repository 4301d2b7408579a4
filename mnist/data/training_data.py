"""The images of one training run: to learn from, to select by, to be measured on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist.data.added import (
    EVALUATES,
    HANDS,
    AddedImages,
    describe_sources,
    joined,
    with_repeats,
)
from mnist.data.checks import check_classes, find_duplicates
from mnist.data.datasets import Dataset, load_dataset
from mnist.data.labelled import LabelledImages, concatenate
from mnist.data.reviewed import ReviewedLabels
from mnist.data.splits import split
from mnist.data.wrong_labels import WRONG_LABEL, WrongLabels
from mnist.errors import InvalidDataset

REVIEWED = "reviewed labels"
"""Name of their source where every training image has one."""

_PAIRS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of an epoch goes to what.

    Attributes:
        reviewed: Largest share of the training images that reviewed ones may come to, 0-1.
        sets: Share of the training images that labelled sets are brought up to, 0-1.
        repeats: How often the dataset's images, and reviewed ones, are shown beside public hands.
    """

    reviewed: float = 0.1
    sets: float = 0.1
    repeats: int = 1


_DEFAULT_SHARES = Shares()


@dataclass(frozen=True, eq=False)
class TrainingData:
    """A dataset whose training images are cut in two, and what joins or tests it.

    Attributes:
        dataset: Where they come from; its test images are touched only to report.
        train: Images to learn from.
        validation: Images to select by.
        reviewed: Labels that people agreed on; their images are among `train`.
        labelled_sets: Name -> images of one's own that evaluate; never learned from.
        added: Public hands and labelled sets that are learned from; their images are among `train`.
        repeats: How often the dataset's own images are among `train`.
        left_out: Why -> images of the dataset that are in neither of the two parts.
    """

    dataset: Dataset
    train: LabelledImages
    validation: LabelledImages
    reviewed: ReviewedLabels = field(default_factory=ReviewedLabels.none)
    labelled_sets: Mapping[str, LabelledImages] = field(default_factory=dict)
    added: Sequence[AddedImages] = ()
    repeats: int = 1
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def sources(self) -> list[dict[str, Any]]:
        """What is learned from, as JSON types: each source with digest, images and share."""
        of_added = sum(source.images.n * source.repeats for source in self.added)
        own = (self.train.n - of_added) // self.repeats
        return describe_sources(
            self.dataset.source, self.dataset.digest, own, self.added, self.repeats, self.left_out
        )

    @property
    def _extent(self) -> tuple[int, int]:
        """Where reviewed images begin among `dataset.train`, and where added ones do."""
        added = self.dataset.train.n - sum(source.images.n for source in self.added)
        return added - self.reviewed.images.n, added

    @property
    def rows_of_reviewed(self) -> slice:
        """Which of `dataset.train` are reviewed images."""
        return slice(*self._extent)

    @property
    def source_of_rows(self) -> list[str]:
        """Name the source of each image of `dataset.train`, in which every image occurs once."""
        own, _ = self._extent
        names = [self.dataset.source] * own + [REVIEWED] * self.reviewed.images.n
        for source in self.added:
            names += [f"{source.kind} {source.name}"] * source.images.n
        return names

    @property
    def originals(self) -> NDArray[np.int64]:
        """Number the digits that `dataset.train` shows; several images of one have its number."""
        numbers = [np.arange(self._extent[1])]
        for source in self.added:
            of_source = np.arange(source.images.n) if source.originals is None else source.originals
            numbers.append(of_source + numbers[-1].max() + 1)
        return np.concatenate(numbers)

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all that is learned from, selected by and measured on."""
        parts = (self.train, self.validation, self.dataset.test)
        return hashlib.sha256(" ".join(part.digest for part in parts).encode()).hexdigest()


def load_training_data(
    data_dir: Path | None,
    seed: int,
    reviewed: ReviewedLabels | None = None,
    *,
    labelled_sets: Mapping[str, LabelledImages] | None = None,
    add: Callable[[LabelledImages], Sequence[AddedImages]] = lambda _test: (),
    wrong: WrongLabels | None = None,
    shares: Shares = _DEFAULT_SHARES,
    fallback: bool = False,
) -> TrainingData:
    """Load the images, cut off the validation set, and add what people have labelled.

    The seed determines the validation set, whatever was reviewed or added: such images are only
    learned from. Without any, the data and all its digests are the same as ever.

    Args:
        data_dir: Where MNIST lies; see `load_dataset`.
        seed: Determines the validation set.
        reviewed: Images that people have labelled.
        labelled_sets: Images of one's own to report on, by the name of their set.
        add: Given the test images, gives images to learn from besides the dataset's.
        wrong: Labels that people found wrong; their images are left out, wherever they come from.
        shares: How much of an epoch goes to what.
        fallback: Whether scikit-learn's digits will do where MNIST is not to be had.

    Raises:
        InvalidDataset: If a file is missing or is not what it claims to be, a digit is missing, or
            a test image is among those to learn from.
    """
    dataset = load_dataset(data_dir, fallback=fallback)
    wrong = wrong or WrongLabels()
    dataset, train, validation, left_out = _parts(dataset, seed, wrong)
    joining = (reviewed or ReviewedLabels.none()).without_labels(wrong).without(dataset.test)
    for images in (labelled_sets or {}).values():
        joining = joining.without(images, EVALUATES)
    joining = joining.limited(train.n, shares.reviewed)
    sources = [source.without_labels(wrong) for source in add(dataset.test)]
    added = with_repeats([s for s in sources if s.images.n], train.n, shares.sets)
    if joining.images.n:
        train = joining.joined_to(train)
        dataset = dataset.extended(joining.images)
    repeats = shares.repeats if any(source.kind == HANDS for source in added) else 1
    train = joined(train, added, repeats)
    if added:
        dataset = dataset.extended(concatenate([source.images for source in added]))
    sets = labelled_sets or {}
    data = TrainingData(dataset, train, validation, joining, sets, added, repeats, left_out)
    check_training_data(data)
    return data


def _parts(
    dataset: Dataset, seed: int, wrong: WrongLabels
) -> tuple[Dataset, LabelledImages, LabelledImages, dict[str, int]]:
    """Cut a dataset in two, then leave wrong labels out, so that all others stay where they are."""
    train, validation = split(dataset.train, seed=seed)
    rows = wrong.rows(dataset.train)
    if not rows.any():
        return dataset, train, validation, {}
    train, validation = (
        part.take(np.flatnonzero(~wrong.rows(part))) for part in (train, validation)
    )
    return dataset.with_rows(~rows), train, validation, {WRONG_LABEL: int(rows.sum())}


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
