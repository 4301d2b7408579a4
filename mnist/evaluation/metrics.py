"""How good predictions are: one `Evaluation` from labels and probabilities."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from sklearn.metrics import (
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from mnist.digits import CLASSES, Labels, Probabilities
from mnist.errors import InvalidEvaluation
from mnist.evaluation.statistics import proportion_lower_bound, proportion_upper_bound

CALIBRATION_BINS = 15
"""Equal-width bins of confidence in the calibration error, as in Guo et al. 2017."""

_ROW_SUM_TOLERANCE = 1e-3
_DIGITS = np.arange(CLASSES)
_UNLOGGABLE = re.compile(r"[^\w.\-/ ]")
"""What MLflow refuses in the name of a metric."""


@dataclass(frozen=True)
class Evaluation:
    """What a model achieved on labelled images.

    A digit without images has precision, recall and F1 of 0.0 and a support of 0, and is left
    out of the macro averages.

    Attributes:
        images: Number of images, > 0.
        errors: Images whose most probable digit is not the label.
        accuracy: Share of images predicted correctly, 0-1.
        macro_precision: Mean over the digits that occur, each digit counting the same.
        macro_recall: As above.
        macro_f1: As above.
        weighted_precision: Mean over the digits, weighted by their number of images.
        weighted_recall: As above; equals the accuracy.
        weighted_f1: As above.
        precision: One per digit, 0-1.
        recall: One per digit, 0-1.
        f1: One per digit, 0-1.
        support: Images per digit.
        confusion: 10 rows (true digit) of 10 counts (predicted digit).
        log_loss: Mean negative log probability of the label, in nats, >= 0.
        brier: Mean squared distance to the one-hot label, summed over digits, 0-2 (Brier 1950).
        calibration_error: Expected calibration error of the top probability, 0-1.
        mean_confidence: Mean top probability, 0-1; equals the accuracy if the model is calibrated.
    """

    images: int
    errors: int
    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    weighted_precision: float
    weighted_recall: float
    weighted_f1: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    support: tuple[int, ...]
    confusion: tuple[tuple[int, ...], ...]
    log_loss: float
    brier: float
    calibration_error: float
    mean_confidence: float

    def accuracy_interval(self) -> tuple[float, float]:
        """Return the exact 95 % interval of the accuracy (Clopper and Pearson 1934)."""
        right = self.images - self.errors
        return (
            proportion_lower_bound(right, self.images, confidence=0.975),
            proportion_upper_bound(right, self.images, confidence=0.975),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; `from_dict` reads them back."""
        plain: dict[str, Any] = TypeAdapter(Evaluation).dump_python(self, mode="json")
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild an evaluation from `as_dict`, also after a trip through JSON.

        Raises:
            InvalidEvaluation: Naming each field that is missing or has an impossible value.
        """
        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
            )
            raise InvalidEvaluation(
                f"A stored evaluation cannot be read: {problems}. Evaluate the model again."
            ) from error

    def scalars(self) -> dict[str, float]:
        """Return every number but the confusion matrix under a flat name, such as `recall_4`."""
        flat: dict[str, float] = {}
        for name, value in asdict(self).items():
            if name == "confusion":
                continue
            if isinstance(value, tuple):
                flat.update({f"{name}_{digit}": float(v) for digit, v in enumerate(value)})
            else:
                flat[name] = float(value)
        return flat


def evaluate(labels: Labels, probabilities: Probabilities) -> Evaluation:
    """Measure predictions against the truth.

    The predicted digit is the most probable one; among equals the lowest.

    Args:
        labels: True digits, shape (n,), values 0-9, n > 0.
        probabilities: One row per image, shape (n, 10), rows summing to 1.

    Raises:
        InvalidEvaluation: If the lengths differ, a label is no digit, or a row holds NaN or a
            negative number or does not sum to 1.
    """
    require_comparable(labels, probabilities)
    # float64 and exact rows: scikit-learn warns about rows that sum to 1 only in float32.
    rows = probabilities.astype(np.float64)
    rows /= rows.sum(axis=1, keepdims=True)
    predicted, present = rows.argmax(axis=1), np.unique(labels)
    of_digits, macro, weighted = (
        precision_recall_fscore_support(
            labels, predicted, labels=digits, average=average, zero_division=0.0
        )
        for digits, average in ((_DIGITS, None), (present, "macro"), (present, "weighted"))
    )
    errors = int((predicted != labels).sum())
    return Evaluation(
        images=len(labels),
        errors=errors,
        accuracy=1 - errors / len(labels),
        macro_precision=float(macro[0]),
        macro_recall=float(macro[1]),
        macro_f1=float(macro[2]),
        weighted_precision=float(weighted[0]),
        weighted_recall=float(weighted[1]),
        weighted_f1=float(weighted[2]),
        precision=tuple(of_digits[0].tolist()),
        recall=tuple(of_digits[1].tolist()),
        f1=tuple(of_digits[2].tolist()),
        support=tuple(of_digits[3].tolist()),
        confusion=tuple(map(tuple, confusion_matrix(labels, predicted, labels=_DIGITS).tolist())),
        log_loss=float(log_loss(labels, rows, labels=_DIGITS)),
        brier=float(brier_scores(labels, probabilities).mean()),
        calibration_error=calibration_error(labels, probabilities),
        mean_confidence=float(rows.max(axis=1).mean()),
    )


def labelled_set_metrics(evaluations: Mapping[str, Evaluation]) -> dict[str, float]:
    """Name the figures of labelled sets for a run's record, as `real_world/SET/accuracy`.

    `accuracy_low` and `accuracy_high` are the exact 95 % interval.
    """
    metrics: dict[str, float] = {}
    for name, evaluation in evaluations.items():
        stem = f"real_world/{loggable(name)}"
        for figure in ("images", "accuracy", "mean_confidence", "calibration_error"):
            metrics[f"{stem}/{figure}"] = float(getattr(evaluation, figure))
        low, high = evaluation.accuracy_interval()
        metrics |= {f"{stem}/accuracy_low": low, f"{stem}/accuracy_high": high}
    return metrics


def loggable(name: str) -> str:
    """Make a name one that MLflow takes for a part of a metric's."""
    return _UNLOGGABLE.sub("_", name)


def brier_scores(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the squared distance of each row to its one-hot label, shape (n,), 0-2."""
    truth = np.eye(CLASSES)[labels]
    return np.asarray(((probabilities - truth) ** 2).sum(axis=1))


def calibration_error(labels: Labels, probabilities: Probabilities) -> float:
    """Return the expected calibration error, 0-1.

    The gap between mean confidence and accuracy in each of 15 equal-width bins of confidence,
    weighted by the number of images in the bin (Naeini et al. 2015; Guo et al. 2017).
    It is biased upwards where there are few images.

    Args:
        labels: True digits, shape (n,), n > 0.
        probabilities: Shape (n, 10), rows summing to 1.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    bins = np.ceil(confidence * CALIBRATION_BINS).clip(1, CALIBRATION_BINS).astype(int) - 1
    gaps = np.bincount(bins, weights=correct - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def require_comparable(labels: Labels, probabilities: Probabilities) -> None:
    """Refuse labels and probabilities that cannot be compared.

    Raises:
        InvalidEvaluation: Saying which shape, row or value is wrong.
    """
    if labels.ndim != 1 or len(labels) == 0:
        raise InvalidEvaluation(
            f"The labels have shape {labels.shape}, expected (n,) with at least one image."
        )
    if probabilities.shape != (len(labels), CLASSES):
        raise InvalidEvaluation(
            f"There are {len(labels)} labels and probabilities of shape {probabilities.shape}, "
            f"expected ({len(labels)}, {CLASSES}): predict the images the labels belong to."
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= CLASSES:
        raise InvalidEvaluation(
            f"The labels are {labels.dtype} from {labels.min()} to {labels.max()}, "
            "expected integers 0-9."
        )
    sums = probabilities.sum(axis=1, dtype=np.float64)
    # Written so that NaN, which compares false with everything, counts as wrong.
    wrong = ~((np.abs(sums - 1) <= _ROW_SUM_TOLERANCE) & (probabilities >= 0).all(axis=1))
    if wrong.any():
        row = int(wrong.argmax())
        raise InvalidEvaluation(
            f"Row {row} of the probabilities is {probabilities[row].tolist()} and sums to "
            f"{sums[row]}, expected ten numbers of at least 0 that sum to 1 "
            f"({int(wrong.sum())} such rows): pass probabilities, not logits."
        )
