"""How often a network should be right on images without labels, and what audits say to that.

A calibrated network of confidence .97 is right on 97 of 100 images, so the mean confidence is an
estimate of the accuracy that needs no labels (Guo et al. 2017, section 2). Images that it was not
calibrated on may make it too sure; the audits of the same images show that.
"""

from dataclasses import dataclass

import numpy as np

from mnist.evaluation.statistics import proportion_lower_bound, proportion_upper_bound
from mnist.monitoring.distances import Values

_ONE_SIDED = 0.975
"""Of both ends: a 95 % interval."""


@dataclass(frozen=True)
class ExpectedAccuracy:
    """The accuracy that confidences promise, and the audits of the same images.

    Attributes:
        images: With a predicted digit.
        expected: Their mean confidence, 0-1.
        audited: Images of these that people have looked at blind.
        expected_of_audited: The mean confidence of those, 0-1.
        right: How many of those are right.
    """

    images: int
    expected: float
    audited: int = 0
    expected_of_audited: float = 0.0
    right: int = 0

    @property
    def is_too_sure(self) -> bool:
        """Whether audits show that the network is right less often than it says."""
        return bool(self.audited) and self._bounds[1] < self.expected_of_audited

    @property
    def sentence(self) -> str:
        """Say it for people."""
        if not self.images:
            return "No image has a predicted digit."
        promise = f"By its confidence the model is right on {self.expected:.1%} of {self.images:,}"
        if not self.audited:
            return f"{promise} images; none of them has been audited."
        low, high = self._bounds
        verdict = (
            "It is too sure of these images: thresholds rest on audits, accuracies here do not."
            if self.is_too_sure
            else "The audits do not contradict it."
        )
        return (
            f"{promise} images. Of {self.audited:,} audited ones it should be right on "
            f"{self.expected_of_audited:.1%} and is on {self.right / self.audited:.1%} (95% "
            f"interval {low:.1%} to {high:.1%}). {verdict}"
        )

    @property
    def _bounds(self) -> tuple[float, float]:
        return (
            proportion_lower_bound(self.right, self.audited, confidence=_ONE_SIDED),
            proportion_upper_bound(self.right, self.audited, confidence=_ONE_SIDED),
        )


def expected_accuracy(confidence: Values, audited: Values, right: int) -> ExpectedAccuracy:
    """Sum up the confidences of images and of the audited ones among them.

    Args:
        confidence: Of n images with a predicted digit, 0-1; NaN where there is none.
        audited: Of those that were audited.
        right: How many of the audited ones are right.
    """
    predicted = confidence[~np.isnan(confidence)]
    return ExpectedAccuracy(
        images=len(predicted),
        expected=float(predicted.mean()) if len(predicted) else 0.0,
        audited=len(audited),
        expected_of_audited=float(audited.mean()) if len(audited) else 0.0,
        right=right,
    )
