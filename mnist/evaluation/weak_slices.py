"""Slices of test images on which a model is worse than on the rest, beyond chance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from mnist.evaluation.statistics import Flags, holm, proportion_lower_bound

FEWEST_IMAGES = 30
"""Smaller slices are not tested: they could not be told from chance, and cost the others power."""


@dataclass(frozen=True)
class SliceReport:
    """How a model does on one slice, compared with all images outside it.

    Attributes:
        name: What it is called.
        images: Images in it.
        errors: Images in it that are predicted wrongly.
        accuracy: Share of it that is predicted correctly, 0-1.
        accuracy_elsewhere: The same of the other images; NaN if there are none.
        p_value: Chance of at least so many errors in it, if errors fell anywhere alike.
        adjusted_p: The same, corrected for having tested all slices (Holm 1979).
    """

    name: str
    images: int
    errors: int
    accuracy: float
    accuracy_elsewhere: float
    p_value: float
    adjusted_p: float

    def is_weak(self, alpha: float = 0.05) -> bool:
        """Whether it is worse than the rest, at this level over all slices together."""
        return self.adjusted_p < alpha

    @property
    def floor(self) -> float:
        """Accuracy that it surely has now: the lower 95 % bound, rounded down to 0.1 points."""
        bound = proportion_lower_bound(self.images - self.errors, self.images)
        return int(bound * 1_000) / 1_000


def slice_reports(correct: Flags, slices: Mapping[str, Flags]) -> list[SliceReport]:
    """Test every slice of at least 30 images, the most surely weak first.

    The exact one-sided test of Fisher (1934): given how many errors there are, those that fall
    into a slice are hypergeometric. Slices may overlap; Holm's correction holds for any dependence.

    Args:
        correct: Whether each image is predicted correctly, shape (n,).
        slices: Name -> which images belong to it, shape (n,).
    """
    tested = {name: mask for name, mask in slices.items() if mask.sum() >= FEWEST_IMAGES}
    if not tested:
        return []
    wrong = ~correct
    sizes = np.array([mask.sum() for mask in tested.values()])
    errors = np.array([wrong[mask].sum() for mask in tested.values()])
    total, all_wrong = len(correct), int(wrong.sum())
    p_values = hypergeom.sf(errors - 1, total, all_wrong, sizes).clip(0, 1)
    reports = [
        SliceReport(
            name=name,
            images=int(size),
            errors=int(missed),
            accuracy=float(1 - missed / size),
            accuracy_elsewhere=(
                float(1 - (all_wrong - missed) / (total - size)) if total > size else float("nan")
            ),
            p_value=float(p),
            adjusted_p=adjusted,
        )
        for name, size, missed, p, adjusted in zip(
            tested, sizes, errors, p_values, holm(p_values), strict=True
        )
    ]
    return sorted(reports, key=lambda report: (report.adjusted_p, report.accuracy))
