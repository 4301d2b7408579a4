"""What one tile of the gallery says, from a row and its thumbnail."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pandas as pd

from dashboard.queries.rows import Decision, explained
from dashboard.texts import percent
from dashboard.thumbnails import Thumbnail

_NEARLY_ALL = 0.99995
_TONES = {Decision.ACCEPTED: "good", Decision.REVIEW: "doubt", Decision.REJECTED: "bad"}


class Tile(TypedDict):
    """One image of the gallery; every field is plain text.

    `tone` colours the decision: `good`, `doubt` or `bad`. A tile with `opens` can be clicked, and
    the gallery then answers with that text.
    """

    png: str | None
    note: str
    alt: str
    title: str
    name: str
    digit: str | None
    confidence: str
    decision: str
    tone: str
    remarks: str
    opens: NotRequired[str]


def tiles(
    frame: pd.DataFrame, pictures: Sequence[Thumbnail], addresses: Sequence[str]
) -> list[Tile]:
    """Join rows of a batch with their pictures and with what each tile opens."""
    records = frame.to_dict("records")
    return [
        _tile(row, picture) | {"opens": address}
        for row, picture, address in zip(records, pictures, addresses, strict=True)
    ]


def _tile(row: dict[object, object], picture: Thumbnail) -> Tile:
    key = str(row["key"])
    name = key.rpartition("/")[2]
    remarks = str(row["remarks"])
    if row["decision"] == Decision.REJECTED:
        digit, confidence, reading = None, "", f"rejected: {remarks}"
    else:
        digit, confidence = str(row["digit"]), sure(float(str(row["confidence"])))
        reading = f"read as {digit}"
    detail = f"\n{explained(remarks)} {row['detail']}" if digit is None else ""
    return Tile(
        png=base64.b64encode(picture.png).decode() if picture.png else None,
        note=picture.note,
        alt=f"{name}, {reading}",
        title=f"{key}\n{reading}{detail}",
        name=name,
        digit=digit,
        confidence=confidence,
        decision=str(row["decision"]),
        tone=_TONES[Decision(str(row["decision"]))],
        remarks=remarks,
    )


def sure(confidence: float) -> str:
    """Write a confidence; what is not certain is never rounded up to 100 %."""
    return percent(confidence) if confidence < _NEARLY_ALL else "> 99.99 %"
