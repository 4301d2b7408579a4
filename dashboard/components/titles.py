"""The title of a page, on it and on the browser's tab, which says what is shown."""

from collections.abc import Callable

import streamlit as st

from dashboard.components.saved_views import offer_views
from dashboard.components.texts import plain, short

_LONGEST = 60


def page_title(name: str) -> Callable[[str], None]:
    """Draw the title of a page, and beside it the saved views.

    Returns:
        A function that adds to the title what is shown, once the page knows it, as in
        `Errors · version 2`.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        place = st.empty()
        place.title(name, width="content")
        offer_views()
    st.set_page_config(page_title=name)

    def add(shown: str) -> None:
        text = f"{name} · {short(shown, _LONGEST)}"
        place.title(plain(text), width="content")
        st.set_page_config(page_title=text)

    return add
