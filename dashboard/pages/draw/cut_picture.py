"""A picture that a layout cuts: its boxes, and what is predicted in each."""

import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.batch_rows import DECISION_OF, Decision, remark_sentence
from dashboard.components.pictures import show_expected, with_boxes
from dashboard.components.texts import counted, plain
from mnist.digits import Reason
from mnist.errors import InvalidLayout
from mnist.images import Limits, Rejection, load_plane
from mnist.layouts import Layout
from mnist.scoring.picture_rows import rows_of_picture
from mnist.scoring.predictions import PinnedModel
from mnist.scoring.sheet_layouts import SheetLayout, for_sheets
from mnist.tables import BOX_COLUMNS

_EXAMPLE = '{"digits": 5}'


def ask_for_layout() -> tuple[bytes | None, bytes | None]:
    """Ask what is in an uploaded picture if it is more than one digit.

    Returns:
        What `_LAYOUT.json` would hold, and the file of the empty form; None for what is not given.
    """
    text = st.text_input(
        "Layout, if it holds more than one digit",
        placeholder=_EXAMPLE,
        key="layout",
        help="What `_LAYOUT.json` says in a folder: docs/layouts.md has examples. "
        '`{"digits": "auto"}` is a value of any length, `{"grid": [46, 25]}` a sheet of cells.',
    )
    if not text.strip():
        return None, None
    content = text.encode()
    form = st.file_uploader("The empty form", key="empty-form") if _names_a_form(content) else None
    return content, None if form is None else form.getvalue()


def show_cut(
    content: bytes, layout: bytes, form: bytes | None, model: PinnedModel, limits: Limits
) -> None:
    """Draw a picture with the boxes of its places, and a table of what is predicted in them.

    Args:
        content: The file.
        layout: Says how it is cut.
        form: The file of the empty form; None if there is none.
        model: Predicts.
        limits: Of the file.
    """
    cutter = SheetLayout.of(layout, form, limits)
    if cutter.rejection is not None:
        st.error(f"The layout is of no use: {plain(cutter.rejection.detail)}")
        return
    predictor = cached.predictor(model.version)
    picture = load_plane(content, for_sheets(limits))
    if isinstance(picture, Rejection):
        _say_why(picture)
        return
    rows = rows_of_picture(content, cutter, model, predictor, limits)
    if isinstance(rows, Rejection):
        _say_why(rows)
        return
    layout_read = cutter.layout
    if layout_read is not None and all(row["reason"] == Reason.NOT_ALIGNED for row in rows):
        st.error(f"Nothing is cut: {plain(rows[0]['detail'])}")
        show_expected(picture, layout_read)
        return
    boxes = [tuple(row[side] for side in BOX_COLUMNS) for row in rows]
    framed = [box for box in boxes if None not in box]
    alt = f"The picture, {counted(len(framed), 'place')} in frames"
    st.image(with_boxes(picture, framed), alt=alt)
    frame = pd.DataFrame(
        {
            "place": name or "the picture",
            "value": row["value"],
            "confidence": row["value_confidence"],
            "outcome": DECISION_OF.get(
                row["outcome"], Decision.ACCEPTED if row["accepted"] else Decision.REVIEW
            ),
            "why": _why(row["reason"], row["detail"], row["warnings"]),
        }
        for name, row in zip(cutter.names, rows, strict=True)
    )
    tables.table(frame, "What is predicted in each place", {"confidence": tables.share()})


def _say_why(rejection: Rejection) -> None:
    st.error(f"Nothing is cut: {plain(rejection.reason.sentence)} {plain(rejection.detail)}")


def _names_a_form(layout: bytes) -> bool:
    try:
        return bool(Layout.parse(layout).template)
    except InvalidLayout:
        return False  # told when the picture is cut


def _why(reason: str | None, detail: str | None, warnings: list[str]) -> str:
    sentences = [remark_sentence(code) for code in ([reason] if reason else warnings)]
    return " ".join([*sentences, *([detail] if detail else [])])
