"""What a layout cut out of a picture: where it lies, what is in it, and its recorded value."""

from typing import Any

import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.components import tables
from dashboard.components.pictures import scaled
from dashboard.components.texts import percent
from mnist.images.results import Plane
from mnist.layouts import PageBox
from mnist.storage.sheets import CutPlace

_PAGE_SIDE = 700
_CROP_WIDTH = 500
_BOX_COLOUR = (255, 140, 0)


def show_place(place: CutPlace, row: pd.Series | None) -> None:
    """Draw the picture with the box of the place, what lies in it, and its value.

    Args:
        place: What was cut out.
        row: What was recorded for it; None if nothing was.
    """
    crop, value = st.columns([1, 1], vertical_alignment="center")
    with crop:
        width = min(_CROP_WIDTH, max(place.crop.shape) * 3)
        st.image(scaled(place.crop, width), alt="What was cut out of the picture")
        st.caption(f"What lies in the place {place.cut.place}" if place.cut.place else "The value")
    with value:
        if row is not None and isinstance(row["value"], str):
            _show_value(row)
    st.image(
        with_box(place.picture, place.cut.box),
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


def with_box(picture: Plane, box: PageBox) -> NDArray[Any]:
    """Scale a grey picture down and frame a box of it.

    Returns:
        RGB, shape (h, w, 3), uint8, no side above 700 pixels.
    """
    side = min(_PAGE_SIDE, max(picture.shape))
    small = np.asarray(cv2.cvtColor(scaled(picture, side), cv2.COLOR_GRAY2RGB), np.uint8)
    factor = side / max(picture.shape)
    left, top, right, bottom = (round(edge * factor) for edge in box)
    cv2.rectangle(small, (left, top), (right, bottom), _BOX_COLOUR, 2)
    return small
