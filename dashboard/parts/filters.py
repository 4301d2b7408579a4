"""The controls that choose rows of a batch. Their values stand in the address of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard.queries.rows import Decision, Order, RowFilter, remarks_in
from mnist.digits import CLASSES

PAGE = "page"
"""Key of the page number; another choice of rows starts again at page 1."""


@dataclass(frozen=True)
class Choice:
    """What a person chose to see.

    Attributes:
        rows: Which rows.
        order: In which order.
        show: In which of the ways offered.
    """

    rows: RowFilter
    order: Order
    show: str


def choice(frame: pd.DataFrame, ways: Sequence[str]) -> Choice:
    """Draw the controls and return what they say.

    Args:
        frame: All rows of the batch; it tells which reasons there are to choose from.
        ways: Ways to show rows, the usual one first.
    """
    outcome, digit, show = st.columns([3, 4, 4])
    confidence, remark, name, order = st.columns(4, gap="medium")
    with outcome:
        decisions = _pills(
            "outcome",
            "Outcome",
            [str(decision) for decision in Decision],
            "A reading is accepted when its confidence reaches the model's threshold and the "
            "image shows nothing odd; other readings ask for a person's look.",
        )
    with digit:
        digits = _pills("digit", "Digit read", [str(digit) for digit in range(CLASSES)])
    with confidence:
        bounds = _confidence()
    with remark:
        remarks = _remarks(frame)
    with name:
        text = _name()
    rows = RowFilter(
        decisions=tuple(Decision(decision) for decision in decisions),
        digits=tuple(int(digit) for digit in digits),
        confidence=bounds,
        remarks=tuple(remarks),
        name=text,
    )
    with order:
        chosen_order = _order()
    with show:
        return Choice(rows, chosen_order, _way(ways))


def first_page() -> None:
    """Go back to page 1."""
    st.session_state[PAGE] = 1


def _pills(key: str, label: str, options: list[str], meaning: str | None = None) -> list[str]:
    return st.pills(
        label,
        options,
        selection_mode="multi",
        wrap=True,
        key=key,
        bind="query-params",
        on_change=first_page,
        help=meaning,
    )


def _confidence() -> tuple[float, float]:
    low, high = st.slider(
        "Confidence",
        0.0,
        1.0,
        (0.0, 1.0),
        key="confidence",
        bind="query-params",
        on_change=first_page,
        help="Rejected images have none; the full range keeps them.",
    )
    return low, high


def _remarks(frame: pd.DataFrame) -> list[str]:
    return st.multiselect(
        "Reason or warning",
        remarks_in(frame),
        key="reason",
        bind="query-params",
        on_change=first_page,
        placeholder="any",
    )


def _name() -> str:
    return st.text_input(
        "Name contains",
        key="name",
        bind="query-params",
        on_change=first_page,
        placeholder="any",
    )


def _order() -> Order:
    orders = [str(order) for order in Order]
    return Order(
        st.selectbox("Order", orders, key="order", bind="query-params", on_change=first_page)
    )


def _way(ways: Sequence[str]) -> str:
    return st.segmented_control(
        "Show",
        ways,
        default=ways[0],
        required=True,
        key="show",
        bind="query-params",
        on_change=first_page,
    )
