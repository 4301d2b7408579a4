"""A grid of images, each tile with what a row or a labelled prediction says of it."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import NotRequired, TypedDict

import pandas as pd
import streamlit as st

from dashboard.components.batch_rows import Decision, remark_sentence, remark_sentences
from dashboard.components.browser import browser_component, draw_again
from dashboard.components.pictures import Thumbnail
from dashboard.components.texts import percent, short
from dashboard.components.walk import remember_order

_NEARLY_ALL = 0.99995
_LONGEST_NAME = 60
"""Characters of a name on a tile, where it takes three lines; the tile's title has all of it."""

_TONES = {
    Decision.ACCEPTED: "good",
    Decision.REVIEW: "doubt",
    Decision.REJECTED: "bad",
    Decision.EMPTY: "",
    Decision.NOT_A_DIGIT: "doubt",
}


class Choices(TypedDict):
    """What can be said of a tile by a click: options, and the one that was chosen, if any."""

    label: str
    options: list[str]
    chosen: str


class Tile(TypedDict):
    """One image of the gallery; every field but `choices` is plain text.

    `tone` colours the decision: `good`, `doubt`, `bad` or not at all. A click makes the gallery
    answer with `opens`; `choices` are buttons below.
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
    opens: str
    choices: NotRequired[Choices]


def gallery(
    tiles: Sequence[Tile],
    label: str,
    key: str = "gallery",
    on_choice: Callable[[str, str], None] | None = None,
) -> str | None:
    """Draw a page of tiles, which carry their pictures.

    Args:
        tiles: At most a page full.
        label: What the grid is, for those who do not see it.
        key: Distinguishes several galleries on one page.
        on_choice: Is called with what a tile opens and with the option that was chosen for it.

    Returns:
        What the tile opens that was clicked just now, if one was.
    """

    def choose() -> None:
        chosen = st.session_state[key].chosen
        if chosen and on_choice is not None:
            on_choice(chosen["opens"], chosen["option"])

    result = browser_component("gallery")(
        data={"tiles": list(tiles), "label": label},
        key=key,
        on_opened_change=draw_again,
        on_chosen_change=choose,
    )
    opened: str | None = result.opened
    if opened:
        remember_order([tile["opens"] for tile in tiles])
    return opened


def row_tiles(
    frame: pd.DataFrame, pictures: Sequence[Thumbnail], addresses: Sequence[str]
) -> list[Tile]:
    """Join rows of a batch with their pictures and with what each tile opens."""
    return [
        _row_tile(row, picture, address)
        for row, picture, address in zip(frame.to_dict("records"), pictures, addresses, strict=True)
    ]


def _row_tile(row: dict[object, object], picture: Thumbnail, address: str) -> Tile:
    key, remarks = str(row["key"]), str(row["remarks"])
    name = key.partition("/")[2] or key
    if row["decision"] == Decision.REJECTED:
        digit, confidence, result = None, "", f"rejected: {remarks}"
        detail = f"\n{remark_sentence(remarks)} {row['detail']}"
    elif row["decision"] == Decision.EMPTY:
        digit, confidence, result, detail = None, "", "empty: nothing is written there", ""
    else:
        digit, confidence = str(row["value"]), confidence_text(float(str(row["confidence"])))
        is_none = row["decision"] == Decision.NOT_A_DIGIT
        result = f"not a digit; if it were one, {digit}" if is_none else f"predicted as {digit}"
        detail = "".join(f"\n{text}" for _, text in remark_sentences(remarks))
    return Tile(
        png=tile_picture(picture),
        note=picture.note,
        alt=f"{name}, {result}",
        title=f"{key}\n{result}{detail}",
        name=short(name, _LONGEST_NAME),
        digit=digit,
        confidence=confidence,
        decision=str(row["decision"]),
        tone=_TONES[Decision(str(row["decision"]))],
        remarks=remarks,
        opens=address,
    )


def prediction_tiles(
    page: pd.DataFrame,
    pictures: Sequence[Thumbnail],
    addresses: Sequence[str],
    label_errors: Mapping[int, int | None],
    remarks: Mapping[int, str] | None = None,
) -> list[Tile]:
    """Join labelled predictions with their pictures, one tile each.

    Args:
        page: A frame as in `LabelledPredictions`; the index is the row.
        pictures: In the same order.
        addresses: What each tile opens.
        label_errors: Row -> the right digit, or None where no digit is right.
        remarks: Row -> what else to say of it.
    """
    tiles = []
    records = page.reset_index(names="row").to_dict("records")
    for record, picture, address in zip(records, pictures, addresses, strict=True):
        row, label, digit = (int(record[name]) for name in ("row", "label", "digit"))
        notes = [(remarks or {}).get(row, ""), _label_error(label_errors, row)]
        confidence = confidence_text(float(record["confidence"]))
        result = f"labelled {label}, predicted as {digit}"
        tiles.append(
            Tile(
                png=tile_picture(picture),
                note=picture.note,
                alt=f"{record['name']}, {result}",
                title=(
                    f"{record['name']}: {result} with {confidence}\n"
                    f"margin {record['margin']:.4f} · loss {record['loss']:.3f} nats · "
                    f"entropy {record['entropy']:.3f} nats"
                ),
                name=short(str(record["name"]), _LONGEST_NAME),
                digit=str(digit),
                confidence=confidence,
                decision=f"label {label}",
                tone="good" if record["right"] else "bad",
                remarks=" · ".join(filter(None, notes)),
                opens=address,
            )
        )
    return tiles


def confidence_text(confidence: float) -> str:
    """Write a confidence; what is not certain is never rounded up to 100 %."""
    return percent(confidence) if confidence < _NEARLY_ALL else "> 99.99 %"


def tile_picture(picture: Thumbnail) -> str | None:
    """Encode a picture as a tile carries it; None if there is none."""
    return base64.b64encode(picture.png).decode() if picture.png else None


def _label_error(label_errors: Mapping[int, int | None], row: int) -> str:
    if row not in label_errors:
        return ""
    digit = label_errors[row]
    return "known: no digit is right" if digit is None else f"known label error: it is a {digit}"
