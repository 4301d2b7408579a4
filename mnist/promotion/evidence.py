"""What a decision is based on: predictions and measurements of one model version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnist.digits import CLASSES, Labels, Probabilities
from mnist.errors import InvalidEvaluation
from mnist.evaluation.metrics import require_comparable
from mnist.evaluation.statistics import Flags, Groups


@dataclass(frozen=True)
class Sample:
    """Predictions for one labelled set.

    Attributes:
        labels: True digits, shape (n,), values 0-9.
        probabilities: As the model reports them, that is after temperature scaling; shape (n, 10).
        images_digest: SHA-256 of images and labels; equal digests mean the same images.
        writers: Who wrote each image, shape (n,), or None where unknown.
    """

    labels: Labels
    probabilities: Probabilities
    images_digest: str
    writers: Groups | None = None

    def __post_init__(self) -> None:
        require_comparable(self.labels, self.probabilities)
        if not self.images_digest:
            raise InvalidEvaluation(
                "The evaluation has no digest of its images, so it is unknown whether two models "
                "predicted the same ones; pass the SHA-256 of images and labels."
            )
        if self.writers is not None and self.writers.shape != self.labels.shape:
            raise InvalidEvaluation(
                f"There are {len(self.labels)} labels and writers of shape {self.writers.shape}, "
                "expected one writer per label."
            )

    @property
    def correct(self) -> Flags:
        """Whether each image is predicted correctly, shape (n,)."""
        return np.asarray(self.predicted == self.labels)

    @property
    def predicted(self) -> Labels:
        """The predicted digits, shape (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class Runtime:
    """How the exported graph behaved in the real scoring runtime.

    Attributes:
        parity: Largest absolute difference to the trained model's probabilities, 0-1.
        finite: Whether all probabilities were finite.
        digest_matches: Whether the graph's bytes have the SHA-256 recorded at training.
        latency_p99_ms: 99th percentile of one prediction, in milliseconds.
    """

    parity: float
    finite: bool
    digest_matches: bool
    latency_p99_ms: float


@dataclass(frozen=True)
class Replay:
    """The candidate on images that the champion scored in production.

    Images with an agreed label are judged as right or wrong, the others as changed.

    Attributes:
        images: Images scored again.
        flips: (champion's digit, candidate's digit) -> images without a label.
        examples: (champion's digit, candidate's digit) -> keys of some changed images.
        newly_accepted: Images accepted without review under the candidate alone.
        no_longer_accepted: Images accepted under the champion alone.
        accepted_before: Share accepted without review under the champion, 0-1.
        accepted_after: The same under the candidate, 0-1.
        changed_confidence: How sure the champion was of its digit where the candidate gives another
            and nobody has agreed on one, on average, 0-1.
        labelled: Images with a label; the fields below are about these.
        gained: Right under the candidate alone; what people corrected is among them.
        lost: Right under the champion alone.
        other: Wrong under both, and with another digit.
        counts: Whether changes are held against the candidate; not where the champion learned
            from a data source of a lower kind.
    """

    images: int
    flips: Mapping[tuple[int, int], int]
    accepted_before: float
    accepted_after: float
    examples: Mapping[tuple[int, int], Sequence[str]] = field(default_factory=dict)
    newly_accepted: int = 0
    no_longer_accepted: int = 0
    changed_confidence: float = 1.0
    labelled: int = 0
    gained: int = 0
    lost: int = 0
    other: int = 0
    counts: bool = True

    @property
    def unlabelled(self) -> int:
        """Images about which nobody has agreed on a digit."""
        return self.images - self.labelled

    @property
    def changed(self) -> int:
        """Images without a label whose digit changes."""
        return sum(self.flips.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the most frequent flip first."""
        frequent = sorted(self.flips, key=lambda pair: (-self.flips[pair], pair))
        return {
            "images": self.images,
            "accepted_before": self.accepted_before,
            "accepted_after": self.accepted_after,
            "changed_confidence": self.changed_confidence,
            "labelled": self.labelled,
            "gained": self.gained,
            "lost": self.lost,
            "flips": [
                {
                    "before": before,
                    "after": after,
                    "images": self.flips[before, after],
                    "keys": list(self.examples.get((before, after), ())),
                }
                for before, after in frequent
            ],
        }


@dataclass(frozen=True)
class Evidence(Sample):
    """All that is measured of one model version when it is judged.

    Attributes:
        model: Registered model.
        model_version: Its version in the registry.
        source: Data source it learned from; empty if that is not recorded.
        corruptions: Corruption -> accuracy, 0-1; all models on the same corrupted images.
        slices: Name -> which of the images belong to it, shape (n,).
        labelled_sets: Name -> predictions for a labelled set.
        drawn: Name -> which of so many pictures, drawn from the images, are predicted right.
        runtime: The load-and-predict measurement, if made.
        replay: The replay of production images, if made. Only the candidate's counts.
        holdout_uses: How many decisions these images have made before, if counted.
        label_errors: Index -> correct digit, or None where no digit is right. None for the whole
            mapping means: the published list, if these are MNIST's test labels.
    """

    model: str = field(kw_only=True)
    model_version: str = field(kw_only=True)
    source: str = field(default="", kw_only=True)
    corruptions: Mapping[str, float] | None = field(default=None, kw_only=True)
    slices: Mapping[str, Flags] = field(default_factory=dict, kw_only=True)
    labelled_sets: Mapping[str, Sample] = field(default_factory=dict, kw_only=True)
    drawn: Mapping[str, Flags] = field(default_factory=dict, kw_only=True)
    runtime: Runtime | None = field(default=None, kw_only=True)
    replay: Replay | None = field(default=None, kw_only=True)
    holdout_uses: int | None = field(default=None, kw_only=True)
    label_errors: Mapping[int, int | None] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, mask in self.slices.items():
            if mask.shape != self.labels.shape or mask.dtype != np.bool_ or not mask.any():
                raise InvalidEvaluation(
                    f"The slice {name!r} is {mask.dtype} of shape {mask.shape} with "
                    f"{int(mask.sum())} images, expected bool of shape {self.labels.shape} "
                    "with at least one."
                )
        for index, digit in (self.label_errors or {}).items():
            if not 0 <= index < len(self.labels) or digit not in (None, *range(CLASSES)):
                raise InvalidEvaluation(
                    f"The known label error at index {index} has the digit {digit}, expected an "
                    f"index below {len(self.labels)} and a digit 0-9 or None."
                )
        for name, accuracy in (self.corruptions or {}).items():
            if not 0 <= accuracy <= 1:
                raise InvalidEvaluation(
                    f"The accuracy on the corruption {name!r} is {accuracy}, expected 0-1."
                )


def different_images(first: Sample, second: Sample) -> str | None:
    """Say why two models cannot be compared image by image, or return None if they can."""
    if first.images_digest != second.images_digest:
        return (
            f"Candidate and champion were evaluated on different images (digests "
            f"{first.images_digest[:12]} and {second.images_digest[:12]}), which compares nothing; "
            "evaluate both on the same ones."
        )
    if not np.array_equal(first.labels, second.labels):
        return (
            f"Both evaluations claim the images {first.images_digest[:12]}, but their labels "
            "differ; evaluate both again."
        )
    return None
