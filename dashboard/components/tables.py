"""Tables, rows of numbers and downloads, all drawn alike."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

number = st.column_config.NumberColumn
"""A column of numbers."""


_STYLE = """\
<style>
[data-testid="stCaptionContainer"] {
  opacity: 0.78;
}
[data-testid^="stBaseButton-primary"], [data-testid^="stBaseButton-primary"] p {
  color: light-dark(#ffffff, #0e1117);
}
[data-testid="stPopover"] button[aria-expanded="true"] {
  color: light-dark(#0b4a8f, #8ec1f5);
}
[data-testid="stElementToolbarButton"]:has(button[aria-label^="Download as CSV"]) {display: none}
</style>
"""


def alarm_style(*, dark: bool) -> str:
    """Style what went wrong in a table, at a contrast of more than 4.5 to 1 on both grounds."""
    return f"color: {'#ff8f7a' if dark else '#c4280c'}; font-weight: 600"


def alarm() -> str:
    """Style what went wrong in a table of this page."""
    return alarm_style(dark=st.context.theme.type == "dark")


def style() -> None:
    """Set what Streamlit's theme cannot; call it once in a page.

    Captions, main buttons and opened buttons get a contrast of more than 4.5 to 1: Streamlit writes
    white on a theme's primary colour, which is a light one where the page is dark. Tables lose its
    download, which gives the rows that are drawn, which may be one page of many, and cells that a
    spreadsheet computes. `download` gives what its label says.
    """
    st.html(_STYLE)


def share(label: str | None = None, meaning: str | None = None) -> Any:
    """Describe a column of shares of 0-1, written as percentages."""
    return number(label, format="percent", help=meaning)


def utc(label: str, *, seconds: bool = False) -> Any:
    """Describe a column of times, which have no zone and are UTC."""
    pattern = "YYYY-MM-DD HH:mm:ss" if seconds else "YYYY-MM-DD HH:mm"
    return st.column_config.DatetimeColumn(f"{label} (UTC)", format=pattern)


def link(label: str, text: str) -> Any:
    """Describe a column of addresses that are all shown as the same text."""
    return st.column_config.LinkColumn(label, display_text=text)


def table(frame: pd.DataFrame | Styler, alt: str, columns: Any = None, **options: Any) -> None:
    """Draw a table; `alt` is for those who do not see it, `options` are of `st.dataframe`."""
    st.dataframe(frame, hide_index=True, alt=alt, column_config=columns, **options)


def choice_table(
    frame: pd.DataFrame | Styler,
    alt: str,
    key: str,
    on_choice: Callable[[int], None],
    columns: Any = None,
    **options: Any,
) -> None:
    """Draw a table of which one row can be chosen; `on_choice` is called with its number."""

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            on_choice(rows[0])

    table(
        frame,
        alt,
        columns,
        key=key,
        on_select=choose,
        selection_mode="single-row",
        placeholder="",
        **options,
    )


def figures(entries: Iterable[tuple[str, str, str]]) -> None:
    """Draw numbers side by side: each with its label, as text, and what it means."""
    with st.container(horizontal=True):
        for label, value, meaning in entries:
            st.metric(label, value, help=meaning, border=True)


def download(
    label: str,
    content: bytes | Callable[[], bytes],
    file: str,
    mime: str,
    meaning: str | None = None,
) -> None:
    """Draw a button that gives a file; one that is made by a function is made at the click."""
    st.download_button(
        label, content, file_name=file, mime=mime, on_click="ignore", type="tertiary", help=meaning
    )
