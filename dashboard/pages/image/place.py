"""What a layout cut out of a picture: where it lies, what is in it, and its recorded value."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components import tables
from dashboard.components.pictures import scaled, show_expected, with_boxes
from dashboard.components.texts import percent
from mnist.digits import Reason
from mnist.images import Rejection
from mnist.layouts import Layout
from mnist.storage.sheets import CutPlace

_CROP_WIDTH = 500


def show_place(place: CutPlace, row: pd.Series | None, layout: Layout | None) -> None:
    """Draw the picture with the box of the place, what lies in it, and its value.

    Args:
        place: What was cut out.
        row: What was recorded for it; None if nothing was.
        layout: By which it was cut.
    """
    outcome = place.cut.outcome
    if isinstance(outcome, Rejection) and outcome.reason is Reason.NOT_ALIGNED:
        if layout is not None:
            show_expected(place.picture, layout)
        return
    crop, value = st.columns([1, 1], vertical_alignment="center")
    with crop:
        width = min(_CROP_WIDTH, max(place.crop.shape) * 3)
        st.image(scaled(place.crop, width), alt="What was cut out of the picture")
        st.caption(f"What lies in the place {place.cut.place}" if place.cut.place else "The value")
    with value:
        if row is not None and isinstance(row["value"], str):
            _show_value(row)
    st.image(
        with_boxes(place.picture, [place.cut.box]),
        alt=f"The picture, with a frame around the place {place.cut.place}",
    )
    st.caption("The whole picture; the place is framed.")


def _show_value(row: pd.Series) -> None:
    st.metric("Value", row["value"])
    check = {"passed": " Its check passed.", "failed": " **Its check failed.**"}.get(
        row["check"], ""
    )
    st.markdown(f"Confidence of the whole value {percent(float(row['confidence']))}.{check}")
    marks = digits_of(row)
    if len(marks) > 1:
        tables.table(
            marks,
            "The digits of the value, from left to right",
            {"probability": tables.share(), "probability of it": tables.share()},
        )


def digits_of(row: pd.Series) -> pd.DataFrame:
    """List the digits of a recorded value: each with its probability, and the next best one."""
    lines = []
    for mark in row["marks"]:
        probabilities = np.asarray(mark["probabilities"])
        second = int(np.argsort(probabilities)[-2])
        lines.append(
            {
                "digit": mark["digit"],
                "probability": float(probabilities[mark["digit"]]),
                "next best": second,
                "probability of it": float(probabilities[second]),
            }
        )
    return pd.DataFrame(lines)
