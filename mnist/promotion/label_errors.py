"""What known wrong labels do to a comparison: as given, corrected, ambiguous left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist.digits import Labels
from mnist.evaluation.known_label_errors import known_label_errors
from mnist.evaluation.statistics import Flags
from mnist.promotion.comparison import Comparison, compare
from mnist.promotion.evidence import Evidence
from mnist.promotion.policy import Policy


@dataclass(frozen=True)
class CleanLabels:
    """Labels after a public audit.

    Attributes:
        labels: With wrong ones corrected, shape (n,).
        decidable: False where no digit is right, shape (n,).
        corrected: How many labels were corrected.
        ambiguous: How many have no right digit.
    """

    labels: Labels
    decidable: Flags
    corrected: int
    ambiguous: int


def clean_labels(evidence: Evidence) -> CleanLabels | None:
    """Correct the labels of an evaluation, or return None where no errors are known."""
    errors: Mapping[int, int | None] = (
        known_label_errors(evidence.labels)
        if evidence.label_errors is None
        else evidence.label_errors
    )
    if not errors:
        return None
    labels, decidable = evidence.labels.copy(), np.ones(len(evidence.labels), dtype=bool)
    for index, digit in errors.items():
        if digit is None:
            decidable[index] = False
        else:
            labels[index] = digit
    ambiguous = int((~decidable).sum())
    return CleanLabels(labels, decidable, len(errors) - ambiguous, ambiguous)


def scores(evidence: Evidence, clean: CleanLabels) -> dict[str, Any]:
    """Return accuracy as given, corrected, and with ambiguous images left out."""
    right = evidence.read == clean.labels
    return {
        "as_given": float(evidence.correct.mean()),
        "corrected": float(right.mean()),
        "ambiguous_left_out": float(right[clean.decidable].mean()),
    }


def compare_clean(
    candidate: Evidence, champion: Evidence, clean: CleanLabels, policy: Policy
) -> Comparison:
    """Compare on corrected labels, ambiguous images left out."""
    keep = clean.decidable
    return compare(
        (candidate.read == clean.labels)[keep],
        (champion.read == clean.labels)[keep],
        None if candidate.writers is None else candidate.writers[keep],
        policy,
    )
