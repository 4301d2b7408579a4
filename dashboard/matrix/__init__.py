"""A confusion matrix whose cells can be clicked, reached by keyboard and heard."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dashboard.matrix.cells import Cell


def matrix(rows: list[list[Cell]], label: str, key: str, on_choice: Callable[[str], None]) -> None:
    """Draw ten rows of ten cells.

    Args:
        rows: True digit by true digit, in each the digits read.
        label: What the matrix shows, for those who do not see it.
        key: Of the component.
        on_choice: Hears the name of a cell that was clicked, such as `4-9`.
    """

    def heard() -> None:
        chosen = st.session_state[key].chosen
        if chosen:
            on_choice(chosen)

    _component()(data={"rows": rows, "label": label}, key=key, on_chosen_change=heard)


@st.cache_resource(show_spinner=False)
def _component() -> ComponentRenderer:
    folder = files(__package__)
    return st.components.v2.component(
        "digits_matrix",
        html='<div id="matrix"></div>',
        css=(folder / "matrix.css").read_text(),
        js=(folder / "matrix.js").read_text(),
    )
