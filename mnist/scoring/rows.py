"""From what images held to a table of rows, column by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mnist.digits import ImageWarning, Outcome, Outputs, Reason
from mnist.images.results import Source
from mnist.keys import ObjectVersion
from mnist.scoring.predictions import PinnedModel, all_warnings, columns_of
from mnist.tables import PROBABILITY_COLUMNS, ROWS


@dataclass(frozen=True, slots=True)
class Content:
    """What one object version held: an image, or the reason why there is none.

    Attributes:
        version: The object version.
        attempts: How often the store was asked for it.
        sha256: Of its bytes; None if they were not fetched.
        metadata: User metadata of the object as JSON text; None if there are none.
        reason: Why it is rejected; None if it is scored.
        detail: One sentence about this very image; None if it is scored.
        warnings: What is odd about an image that is scored all the same.
        pipeline: How it became 28x28; None if it is rejected.
        source: The picture it was found in; None if it is rejected.
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
        outputs: Of the scoring graph, for the m contents without a reason, in their order.
        ink: Shape (m,), the mean of their 28x28 pixels, 0-1.
        model: Says which predictions are accepted.
        stamp: Values of the columns that are the same in every row.

    Returns:
        A table of schema ROWS.
    """
    scored = np.array([content.reason is None for content in contents], bool)
    warned = np.array([bool(content.warnings) for content in contents], bool)
    digits = columns_of(outputs, warned[scored], model)
    probabilities = zip(PROBABILITY_COLUMNS, outputs.probabilities.T, strict=True)
    predicted = {"ood_score": outputs.ood_scores, "ink": ink, **dict(probabilities)}
    predicted |= {name: getattr(digits, name) for name in ("digit", "confidence", "margin")}
    spread = {name: _spread(scored, values) for name, values in predicted.items()}
    accepted, unlike = _spread(scored, digits.accepted), _spread(scored, digits.unlike)
    outcomes = np.where(scored, str(Outcome.SCORED), str(Outcome.REJECTED))
    columns: dict[str, Any] = {
        "key": [content.version.key for content in contents],
        "etag": [content.version.etag for content in contents],
        "bytes": [content.version.size for content in contents],
        "identity": [content.version.identity for content in contents],
        "sha256": [content.sha256 for content in contents],
        "attempts": [content.attempts for content in contents],
        "outcome": outcomes.tolist(),
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
        "accepted": accepted,
        "metadata": [content.metadata for content in contents],
    }
    arrays = []
    for field in ROWS:
        if field.name in spread:
            missing = ~scored | np.isnan(spread[field.name])
            array = pa.array(spread[field.name], field.type, mask=missing)
        elif field.name in columns:
            array = pa.array(columns[field.name], field.type)
        else:
            array = pa.repeat(pa.scalar(stamp[field.name], field.type), len(contents))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=ROWS)


def _spread(scored: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """Put m values where `scored` (n,) is true; zeros elsewhere."""
    full = np.zeros(len(scored), values.dtype)
    full[scored] = values
    return full
