"""What the online API answered for captured images, held against the rows of the same images.

A row counts; an answer may be another one, because a new version became champion in between, or
because a threshold has changed. The answer lies in the user metadata of the image.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, Field

from mnist.digits import Outcome
from mnist.scoring.predictions import PinnedModel, Prediction

ANSWER_COLUMNS = ("key", "digit", "value", "metadata")
"""What has to be known of rows to compare them with answers."""

_PREDICTION = "api-prediction"
_VALUES = "api-values"
_MOST_VALUES = 1_000
"""Characters of values that go into metadata; S3 takes two thousand bytes of it in all."""


class CapturedAnswers(BaseModel, frozen=True):
    """How the answers of the API for the images of a batch compare with their rows."""

    compared: int = Field(ge=0, description="rows whose image or place the API had answered for")
    different: int = Field(ge=0, description="of these, rows with another digit or value")

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return (
            f"The API had answered for {self.compared:,} of these; {self.different:,} of its "
            "answers differ from the row, which counts."
        )


def digit_metadata(prediction: Prediction) -> dict[str, str]:
    """Write down what was answered for an image of one digit."""
    return {
        _PREDICTION: str(prediction.digit),
        "api-confidence": f"{prediction.confidence:.6f}",
        "api-accepted": "true" if prediction.accepted else "false",
    }


def values_metadata(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Write down what was answered for the places of a picture, if that is not too long.

    Args:
        names: Of the places.
        rows: What was answered for each.
    """
    values = {name: _value(row) for name, row in zip(names, rows, strict=True)}
    scored = [row for row in rows if row["outcome"] == Outcome.SCORED]
    counts = {
        "api-places": str(len(rows)),
        "api-accepted-places": str(sum(bool(row["accepted"]) for row in scored)),
    }
    text = json.dumps(values, separators=(",", ":"))
    return counts | ({_VALUES: text} if len(text) <= _MOST_VALUES else {})


def model_metadata(model: PinnedModel) -> dict[str, str]:
    """Write down which version answered."""
    return {"api-model-version": model.version, "api-model-digest": model.digest}


def compare_answers(tables: Iterable[pa.Table]) -> CapturedAnswers:
    """Count the rows whose image the API had answered for, and those with another answer.

    Args:
        tables: Rows that count, with the columns ANSWER_COLUMNS.
    """
    compared = different = 0
    for table in tables:
        for row in table.select(list(ANSWER_COLUMNS)).to_pylist():
            answer = _answer(row)
            if answer is not None:
                compared += 1
                different += answer != _value(row)
    return CapturedAnswers(compared=compared, different=different)


def _value(row: Mapping[str, Any]) -> str:
    """Say what a row holds; empty if that is neither a digit nor a value."""
    if row["value"] is not None:
        return str(row["value"])
    return "" if row["digit"] is None else str(row["digit"])


def _answer(row: Mapping[str, Any]) -> str | None:
    """Find what was answered for the image or place of a row; None if that is not known."""
    try:
        metadata = json.loads(row["metadata"] or "{}")
        if _VALUES in metadata:
            answer = json.loads(metadata[_VALUES]).get(row["key"].partition("!")[2])
        else:
            answer = metadata.get(_PREDICTION)
    except (ValueError, AttributeError):  # people may write what they like beside an object
        return None
    return answer if isinstance(answer, str) else None
