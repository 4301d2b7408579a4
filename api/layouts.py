"""Pictures that are cut by a layout: what each place gets for an answer."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from api.problems import Problem
from api.schemas import Json, model_fields
from api.uploads import File, Upload
from mnist.digits import Outcome, Reason
from mnist.images import Limits, Rejection, preprocessing_digest
from mnist.scoring.graphs import Predictor
from mnist.scoring.picture_rows import rows_of_picture
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.sheet_layouts import SheetLayout
from mnist.tables import BOX_COLUMNS, PROBABILITY_COLUMNS

Rows = list[dict[str, Any]]


def layout_of(upload: Upload, limits: Limits) -> SheetLayout:
    """Read the layout of a request.

    Raises:
        Problem: If it is of no use.
    """
    layout = SheetLayout.of(upload.layout or b"", upload.template, limits)
    if layout.rejection is not None:
        reason = Reason.INVALID_LAYOUT
        message = "The layout says nothing that can be used; the detail says what is wrong."
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, reason.value, message, layout.rejection.detail
        )
    return layout


def cut_pictures(
    files: Sequence[File],
    layout: SheetLayout,
    model: PinnedModel,
    predictor: Predictor,
    limits: Limits,
) -> list[Rows | Rejection]:
    """Cut pictures and predict what is in their places; one answer for each."""
    return [rows_of_picture(file.content, layout, model, predictor, limits) for file in files]


def cut_response(
    upload: Upload, layout: SheetLayout, pictures: Sequence[Rows | Rejection], model: PinnedModel
) -> Json:
    """Describe pictures with their places, as `CutResponse` or `CutsResponse` declares it.

    Raises:
        Problem: If there is one picture, and it cannot be decoded.
    """
    is_one = len(pictures) == 1 and not upload.is_list
    if is_one and isinstance(pictures[0], Rejection):
        raise Problem.of(pictures[0])
    answers = [
        {"file": file.name, "places": _places(layout.names, rows)}
        for file, rows in zip(upload.files, pictures, strict=True)
    ]
    common = model_fields(model) | {
        "preprocessing_digest": preprocessing_digest(),
        "layout_digest": layout.digest,
    }
    return {**answers[0], **common} if is_one else {"pictures": answers, **common}


def _places(names: Sequence[str], rows: Rows | Rejection) -> list[Json]:
    if isinstance(rows, Rejection):
        return [_rejected(name, rows.reason, rows.detail) for name in names]
    return [_place(name, row) for name, row in zip(names, rows, strict=True)]


def _place(name: str, row: Mapping[str, Any]) -> Json:
    if row["outcome"] == Outcome.REJECTED:
        return _rejected(name, Reason(row["reason"]), row["detail"])
    box = [row[side] for side in BOX_COLUMNS]
    if row["outcome"] == Outcome.EMPTY:
        return {"place": name, "outcome": Outcome.EMPTY, "box": box}
    has_digit = row["digit"] is not None
    return {
        "place": name,
        "outcome": row["outcome"],
        "box": box,
        "value": row["value"],
        "value_confidence": row["value_confidence"],
        "check": row["check"],
        "detail": row["detail"],
        "prediction": row["digit"],
        "confidence": row["confidence"],
        "probs": [row[column] for column in PROBABILITY_COLUMNS] if has_digit else None,
        "warnings": row["warnings"],
        "review": not row["accepted"],
        "marks": [
            {
                "prediction": mark["digit"],
                "probs": mark["probabilities"],
                "box": [mark[side] for side in BOX_COLUMNS],
            }
            for mark in row["marks"]
        ],
    }


def _rejected(name: str, reason: Reason, detail: str) -> Json:
    return {
        "place": name,
        "outcome": Outcome.REJECTED,
        "reason": reason,
        "message": reason.sentence,
        "detail": detail,
    }
