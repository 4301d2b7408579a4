"""Controls whose values stand in the address of the page, so that it can be passed on."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.components.texts import code

PAGE = "page"
"""Key of the page number; another choice of rows starts again at page 1."""

BATCH = "batch"
"""Name of the batch in the address."""

_IMAGES_PER_PAGE = 48


def first_page() -> None:
    """Go back to page 1."""
    st.session_state[PAGE] = 1


FILTER: dict[str, Any] = {"bind": "query-params", "on_change": first_page}
"""Options of every control that filters or orders rows."""


def alternatives(label: str, options: Sequence[str], key: str, **more: Any) -> str:
    """Offer a few ways to look at something, the usual one first."""
    return str(
        st.segmented_control(
            label,
            options,
            default=options[0],
            required=True,
            key=key,
            **({"bind": "query-params"} | more),
        )
    )


def range_slider(label: str, key: str, largest: float, meaning: str) -> tuple[float, float]:
    """Ask for the lowest and highest value of a measure that begins at 0."""
    low, high = st.slider(label, 0.0, largest, (0.0, largest), key=key, help=meaning, **FILTER)
    return low, high


def paged(frame: pd.DataFrame, key: str = PAGE, size: int = _IMAGES_PER_PAGE) -> pd.DataFrame:
    """Draw the page numbers where there are several, and cut out the page."""
    pages = page_count(len(frame), size)
    number = st.pagination(pages, key=key, bind="query-params") if pages > 1 else 1
    return page_of(frame, number, size)


def page_count(rows: int, size: int) -> int:
    """Count the pages that so many rows fill; nothing fills one empty page."""
    return max(1, math.ceil(rows / size))


def page_of(frame: pd.DataFrame, number: int, size: int) -> pd.DataFrame:
    """Cut out one page, counted from 1."""
    return frame.iloc[(number - 1) * size : number * size]


def name_in_address(key: str, names: Sequence[str], usual: str, unknown: str) -> str:
    """Take the name that the address gives, or else the usual one, which is then written there.

    Args:
        key: Under which the address has it.
        names: Those that exist, at least one.
        usual: What to take if the address gives none of them.
        unknown: Warning about another name, which takes the place of `{}`.
    """
    address = st.query_params.get(key)
    if address in names:
        return str(address)
    if address is not None:
        st.warning(unknown.format(code(address)))
    st.query_params[key] = usual
    return usual


def batch_in_address(memory: str, names: Sequence[str], unknown: str) -> str:
    """Take the batch of the address, or else the last one of this visit, or the first.

    Args:
        memory: Where the session keeps which was the last.
        names: The batches that exist, at least one.
        unknown: As in `name_in_address`.
    """
    last: Any = st.session_state.get(memory)
    usual = last if last in names else names[0]
    batch = name_in_address(BATCH, names, usual, unknown)
    st.session_state[memory] = batch
    return batch


def select_name(
    label: str,
    names: Sequence[str],
    name: str,
    widget: str,
    on_choice: Callable[[str], None],
    **options: Any,
) -> None:
    """Draw the box that chooses another name; what the address says comes before its own state."""
    st.session_state[widget] = name
    st.selectbox(
        label, names, key=widget, on_change=lambda: on_choice(st.session_state[widget]), **options
    )
