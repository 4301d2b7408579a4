"""From what images held to a table of rows, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Outcome, Outputs, Reason
from mnist.images.results import Source
from mnist.keys import ObjectVersion
from mnist.scoring.predictions import PinnedModel, all_warnings, judge
from mnist.tables import PROBABILITY_COLUMNS, ROWS


@dataclass(frozen=True, slots=True)
class Content:
    """What one object version held: an image that was read, or the reason why there is none.

    Attributes:
        version: The object version.
        attempts: How often the store was asked for it.
        sha256: Of its bytes; None if they were not read.
        reason: Why it is rejected; None if it is scored.
        detail: One sentence about this very image; None if it is scored.
        warnings: What is odd about an image that is scored all the same.
        pipeline: How it became 28x28; None if it is rejected.
        source: The picture it was found in; None if it is rejected.
    """

    version: ObjectVersion
    attempts: int
    sha256: str | None = None
    reason: Reason | None = None
    detail: str | None = None
    warnings: tuple[ImageWarning, ...] = ()
    pipeline: str | None = None
    source: Source | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """What the network made of the m contents without a reason, in their order.

    Attributes:
        outputs: Of the scoring graph.
        ink: Shape (m,), the mean of their 28x28 pixels, 0-1.
    """

    outputs: Outputs
    ink: NDArray[np.float64]


def rows_of(
    contents: Sequence[Content], read: Read, model: PinnedModel, stamp: Mapping[str, Any]
) -> pa.Table:
    """Make one row for each content.

    Args:
        contents: What n object versions held.
        read: What the network made of those without a reason.
        model: Says which readings are accepted.
        stamp: Values of the columns that are the same in every row.

    Returns:
        A table of schema ROWS.
    """
    scored = np.array([each.reason is None for each in contents], bool)
    warned = np.array([bool(each.warnings) for each in contents], bool)
    predicted = _predictions(scored, warned, read, model)
    accepted, unlike = predicted.pop("accepted"), predicted.pop("unlike")
    outcomes = np.where(scored, str(Outcome.SCORED), str(Outcome.REJECTED))
    columns: dict[str, Any] = {
        "key": [each.version.key for each in contents],
        "etag": [each.version.etag for each in contents],
        "bytes": [each.version.size for each in contents],
        "identity": [each.version.identity for each in contents],
        "sha256": [each.sha256 for each in contents],
        "attempts": [each.attempts for each in contents],
        "outcome": outcomes.tolist(),
        "reason": [each.reason and str(each.reason) for each in contents],
        "detail": [each.detail for each in contents],
        "warnings": [
            [str(warning) for warning in all_warnings(each.warnings, unlike=odd)]
            for each, odd in zip(contents, unlike.tolist(), strict=True)
        ],
        "pipeline": [each.pipeline for each in contents],
        "width": [each.source and each.source.width for each in contents],
        "height": [each.source and each.source.height for each in contents],
        "brightness": [each.source and each.source.brightness for each in contents],
        "contrast": [each.source and each.source.contrast for each in contents],
        "accepted": accepted,
    }
    arrays = []
    for field in ROWS:
        if field.name in predicted:
            missing = ~scored | np.isnan(predicted[field.name])
            array = pa.array(predicted[field.name], field.type, mask=missing)
        elif field.name in columns:
            array = pa.array(columns[field.name], field.type)
        else:
            array = pa.repeat(pa.scalar(stamp[field.name], field.type), len(contents))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=ROWS)


def _predictions(
    scored: NDArray[np.bool_], warned: NDArray[np.bool_], read: Read, model: PinnedModel
) -> dict[str, NDArray[Any]]:
    """Spell out what was read as columns of shape (n,), zero where `scored` is false."""
    judged = judge(read.outputs, warned[scored], model)
    ten = {
        name: read.outputs.probabilities[:, digit] for digit, name in enumerate(PROBABILITY_COLUMNS)
    }
    columns: dict[str, NDArray[Any]] = {
        "digit": judged.digit,
        "confidence": judged.confidence,
        "margin": judged.margin,
        "ood_score": read.outputs.ood_scores,
        "unlike": judged.unlike,
        "accepted": judged.accepted,
        "ink": read.ink,
        **ten,
    }
    return {name: _spread(scored, values) for name, values in columns.items()}


def _spread(scored: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Put m values where `scored` (n,) is true; zeros elsewhere."""
    full = np.zeros((len(scored), *values.shape[1:]), values.dtype)
    full[scored] = values
    return full
