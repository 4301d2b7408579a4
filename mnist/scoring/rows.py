"""From what images held to a table of rows, column by column."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Outcome, Outputs, Reason
from mnist.images import preprocessing_digest
from mnist.images.results import Source
from mnist.keys import ObjectVersion
from mnist.layouts import CheckResult, Cut, Mark, PlacePrediction
from mnist.layouts.parameters import cutting_digest
from mnist.scoring.predictions import PinnedModel, all_warnings, columns_of
from mnist.tables import BOX_COLUMNS, PROBABILITY_COLUMNS, ROWS


@dataclass(frozen=True, slots=True)
class Content:
    """What one object version held: an image, or the reason why there is none.

    Attributes:
        version: The object version.
        attempts: How often the store was asked for it.
        sha256: Of its bytes; None if they were not fetched.
        metadata: User metadata of the object as JSON text; None if there are none.
        reason: Why it is rejected; None if it is not.
        detail: One sentence about this very image, why it is rejected or a check failed; else None.
        warnings: What is odd about an image that is scored all the same.
        pipeline: How it became 28x28; None if it is rejected.
        source: The picture it was found in; None if it is rejected.
        cut: What a layout cut out of a picture; None for a picture that is one digit.
        predicted: What is predicted for that, once it is.
    """

    version: ObjectVersion
    attempts: int
    sha256: str | None = None
    metadata: str | None = None
    reason: Reason | None = None
    detail: str | None = None
    warnings: tuple[ImageWarning, ...] = ()
    pipeline: str | None = None
    source: Source | None = None
    cut: Cut | None = None
    predicted: PlacePrediction | None = None

    @property
    def images(self) -> int:
        """How many images of it a model is shown."""
        if self.cut is not None:
            return len(self.cut.candidates)
        return int(self.reason is None)

    @property
    def outcome(self) -> Outcome:
        """What became of it, before anybody knows whether it is a digit at all."""
        if self.reason is not None:
            return Outcome.REJECTED
        is_empty = self.predicted is not None and self.predicted.outcome is Outcome.EMPTY
        return Outcome.EMPTY if is_empty else Outcome.SCORED

    @property
    def has_digit(self) -> bool:
        """Whether one digit was predicted, and neither a value of several nor nothing."""
        if self.outcome is not Outcome.SCORED:
            return False
        if self.cut is None or self.predicted is None:
            return self.cut is None
        return self.cut.content.count == 1 and len(self.predicted.marks) == 1


def rows_of(
    contents: Sequence[Content],
    outputs: Outputs,
    ink: NDArray[np.float64],
    model: PinnedModel,
    stamp: Mapping[str, Any],
) -> pa.Table:
    """Make one row for each content.

    Args:
        contents: What n object versions held.
        outputs: Of the scoring graph, for the m contents that have one digit, in their order.
        ink: Shape (m,), the mean of their 28x28 pixels, 0-1.
        model: Says which predictions are accepted.
        stamp: Values of the columns that are the same in every row.

    Returns:
        A table of schema ROWS.
    """
    scored = np.array([content.has_digit for content in contents], bool)
    warned = np.array([bool(content.warnings) for content in contents], bool)
    digits = columns_of(outputs, warned[scored], model)
    probabilities = zip(PROBABILITY_COLUMNS, outputs.probabilities.T, strict=True)
    predicted = {"ood_score": outputs.ood_scores, "ink": ink, **dict(probabilities)}
    predicted |= {name: getattr(digits, name) for name in ("digit", "confidence", "margin")}
    spread = {name: _spread(scored, values) for name, values in predicted.items()}
    accepted, unlike = _spread(scored, digits.accepted), _spread(scored, digits.unlike)
    no_digit = _spread(scored, digits.no_digit)
    values = [content.predicted for content in contents]
    columns: dict[str, Any] = {
        "key": [content.version.key for content in contents],
        "etag": [content.version.etag for content in contents],
        "bytes": [content.version.size for content in contents],
        "identity": [content.version.identity for content in contents],
        "sha256": [content.sha256 for content in contents],
        "attempts": [content.attempts for content in contents],
        "outcome": [
            str(Outcome.NOT_A_DIGIT if is_none else content.outcome)
            for content, is_none in zip(contents, no_digit.tolist(), strict=True)
        ],
        "reason": [content.reason and str(content.reason) for content in contents],
        "detail": [content.detail for content in contents],
        "warnings": [
            [str(warning) for warning in all_warnings(content.warnings, unlike=odd)]
            for content, odd in zip(contents, unlike.tolist(), strict=True)
        ],
        "pipeline": [content.pipeline for content in contents],
        "width": [content.source and content.source.width for content in contents],
        "height": [content.source and content.source.height for content in contents],
        "brightness": [content.source and content.source.brightness for content in contents],
        "contrast": [content.source and content.source.contrast for content in contents],
        "sharpness": [content.source and content.source.sharpness for content in contents],
        "coverage": [content.source and content.source.coverage for content in contents],
        "accepted": [
            is_accepted(value, digit=digit if content.has_digit else None)
            for content, value, digit in zip(contents, values, accepted.tolist(), strict=True)
        ],
        "metadata": [content.metadata for content in contents],
        **_place_columns(values),
    }
    if any(values):
        columns["preprocessing_digest"] = [
            place_preprocessing_digest() if value else stamp["preprocessing_digest"]
            for value in values
        ]
    arrays = []
    for field in ROWS:
        if field.name in spread:
            missing = ~scored | np.isnan(spread[field.name])
            array = pa.array(spread[field.name], field.type, mask=missing)
        elif field.name in columns:
            array = pa.array(columns[field.name], field.type)
        elif field.name in stamp:
            array = pa.repeat(pa.scalar(stamp[field.name], field.type), len(contents))
        else:
            array = pa.nulls(len(contents), field.type)
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=ROWS)


def is_accepted(value: PlacePrediction | None, *, digit: bool | None) -> bool:
    """Tell whether no person needs to look.

    Args:
        value: What is predicted for a place; None for a picture that is one digit.
        digit: Whether the one digit in it is accepted; None if there is not one.
    """
    if value is None:
        return bool(digit)
    if digit is not None:
        return digit and value.check is not CheckResult.FAILED and not value.contradicted
    return value.accepted


@cache
def place_preprocessing_digest() -> str:
    """Name the preprocessing of what a layout cuts out: that of images, and how pages are cut."""
    return hashlib.sha256(f"{preprocessing_digest()}+{cutting_digest()}".encode()).hexdigest()


def _place_columns(values: Sequence[PlacePrediction | None]) -> dict[str, list[Any]]:
    """Make the columns that only places have; null where there is no value."""
    if not any(values):
        return {}
    with_value = [value if value and value.outcome is Outcome.SCORED else None for value in values]
    columns: dict[str, list[Any]] = {
        "value": [value and value.value for value in with_value],
        "value_confidence": [value and value.value_confidence for value in with_value],
        "check": [value and str(value.check) for value in with_value],
        "marks": [value and [_mark(mark) for mark in value.marks] for value in with_value],
    }
    for side, name in enumerate(BOX_COLUMNS):
        columns[name] = [value and value.box[side] for value in values]
    return columns


def _mark(mark: Mark) -> dict[str, Any]:
    box = dict(zip(BOX_COLUMNS, mark.box, strict=True))
    return {"digit": mark.digit, "probabilities": mark.probabilities, **box}


def _spread(scored: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Put m values where `scored` (n,) is true; zeros elsewhere."""
    full = np.zeros(len(scored), values.dtype)
    full[scored] = values
    return full
