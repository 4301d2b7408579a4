"""Labels that people agreed on: how many may join a training, and how often each is shown."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnist.data.labelled import LabelledImages, concatenate
from mnist.data.wrong_labels import WRONG_LABEL, WrongLabels
from mnist.digits import SIDE

_REPEATS = 10

TEST_IMAGE = "is a test image"
TOO_MANY = "more labels than the limit allows"


@dataclass(frozen=True, eq=False)
class ReviewedLabels:
    """Reviewed images and their labels, row by row.

    Attributes:
        images: What they show, and the digit that was agreed on.
        keys: Where each lies in the inbox.
        reviewers: Who agreed on each label.
        left_out: Why -> how many labels were not used.
        repeats: How often each is shown per epoch; 0 before `limited` has decided.
    """

    images: LabelledImages
    keys: tuple[str, ...]
    reviewers: tuple[tuple[str, ...], ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    repeats: int = 0

    @classmethod
    def none(cls) -> Self:
        """Return reviewed labels of no image at all."""
        images = LabelledImages(np.zeros((0, SIDE, SIDE), np.uint8), np.zeros(0, np.int64))
        return cls(images, (), ())

    @property
    def sentence(self) -> str:
        """Say how many labels of whom are used, and how many are not."""
        who = ", ".join(f"{name} {count}" for name, count in self.by_reviewer.items())
        used = f"{self.images.n} used, {self.repeats} times per epoch (labels of {who})"
        lost = "; ".join(f"{count} left out: {why}" for why, count in self.left_out.items())
        return "; ".join(filter(None, [used if who else "none used", lost])) + "."

    @property
    def by_reviewer(self) -> dict[str, int]:
        """Reviewer -> labels they had a part in, by name."""
        return dict(sorted(Counter(name for who in self.reviewers for name in who).items()))

    def without(self, test: LabelledImages, why: str = TEST_IMAGE) -> Self:
        """Leave out what is a test image, pixel for pixel: learnt, it would flatter."""
        if not self.images.n:
            return self
        tested = {image.tobytes() for image in test.images}
        leaked = np.array([image.tobytes() in tested for image in self.images.images], bool)
        return self._keep(np.flatnonzero(~leaked), why)

    def without_labels(self, wrong: WrongLabels) -> Self:
        """Leave out images whose label a person found wrong, until another one is agreed on."""
        return self._keep(np.flatnonzero(~wrong.rows(self.images)), WRONG_LABEL)

    def limited(self, training_images: int, max_share: float) -> Self:
        """Keep reviewed images a small part of the training, whoever may have labelled them.

        A few are shown several times, because among thousands of others one would be forgotten.
        Too many are cut, the newest first.

        Args:
            training_images: How many others there are.
            max_share: Largest share of these, 0-1, that reviewed images may come to.
        """
        room = int(max_share * training_images)
        kept = self._keep(np.arange(min(room, self.images.n)), TOO_MANY)
        repeats = min(_REPEATS, room // kept.images.n) if kept.images.n else 0
        return replace(kept, repeats=repeats)

    def joined_to(self, train: LabelledImages) -> LabelledImages:
        """Put them behind other training images; without any, those stay as they are."""
        if not self.images.n:
            return train
        return concatenate([train, *[self.images] * self.repeats])

    def _keep(self, rows: NDArray[np.intp], reason: str) -> Self:
        lost = self.images.n - len(rows)
        if not lost:
            return self
        return replace(
            self,
            images=self.images.take(rows),
            keys=tuple(self.keys[row] for row in rows),
            reviewers=tuple(self.reviewers[row] for row in rows),
            left_out={**self.left_out, reason: lost},
        )
