"""The controls that choose rows of a batch. Their values stand in the address of the page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.queries.rows import Decision, Order, RowFilter, remarks_in
from mnist.digits import CLASSES

PAGE = "page"
"""Key of the page number; another choice of rows starts again at page 1."""


def row_filter(frame: pd.DataFrame) -> RowFilter:
    """Draw the filters and return what they say.

    Args:
        frame: All rows of the batch; it tells which reasons there are to choose from.
    """
    outcome, digit = st.columns([2, 3])
    with outcome:
        decisions = st.pills(
            "Outcome",
            [str(decision) for decision in Decision],
            selection_mode="multi",
            wrap=True,
            key="outcome",
            bind="query-params",
            on_change=first_page,
            help="A reading is accepted when its confidence reaches the model's threshold and the "
            "image shows nothing odd; other readings ask for a person's look.",
        )
    with digit:
        digits = st.pills(
            "Digit read",
            list(range(CLASSES)),
            selection_mode="multi",
            wrap=True,
            key="digit",
            bind="query-params",
            on_change=first_page,
        )
    confidence, remark, name = st.columns(3, gap="medium")
    with confidence:
        bounds = st.slider(
            "Confidence",
            0.0,
            1.0,
            (0.0, 1.0),
            key="confidence",
            bind="query-params",
            on_change=first_page,
            help="Rejected images have none; the full range keeps them.",
        )
    with remark:
        remarks = st.multiselect(
            "Reason or warning",
            remarks_in(frame),
            key="reason",
            bind="query-params",
            on_change=first_page,
            placeholder="any",
        )
    with name:
        text = st.text_input(
            "Name contains",
            key="name",
            bind="query-params",
            on_change=first_page,
            placeholder="any",
        )
    return RowFilter(
        decisions=tuple(Decision(decision) for decision in decisions),
        digits=tuple(digits),
        confidence=bounds,
        remarks=tuple(remarks),
        name=text or "",
    )


def row_order() -> Order:
    """Draw the choice of order and return it."""
    return Order(
        st.selectbox(
            "Order",
            [str(order) for order in Order],
            key="order",
            bind="query-params",
            on_change=first_page,
        )
    )


def first_page() -> None:
    """Go back to page 1."""
    st.session_state[PAGE] = 1
