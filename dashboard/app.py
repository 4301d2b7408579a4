"""The script that Streamlit runs for every look: it draws the page that the address names."""

from __future__ import annotations

from importlib.resources import files

import streamlit as st

from dashboard import wiring
from dashboard.access import login
from dashboard.parts.links import remember_pages
from dashboard.texts import plain
from dashboard.views import batches, compare, data, draw, errors, image, overview, review
from mnist.errors import InvalidSettings


def main() -> None:
    """Draw the page that the address names."""
    icon = files("dashboard") / "icon.png"
    st.set_page_config(page_title="Digits", page_icon=str(icon), layout="wide")
    pages = [
        st.Page(overview.show, title="Overview", url_path="overview", default=True),
        st.Page(batches.show, title="Batches", url_path="batches"),
        st.Page(errors.show, title="Errors", url_path="errors"),
        st.Page(review.show, title="Review", url_path="review"),
        st.Page(compare.show, title="Compare", url_path="compare"),
        st.Page(data.show, title="Data", url_path="data"),
        st.Page(draw.show, title="Draw", url_path="draw"),
        st.Page(image.show, title="One image", url_path="image", visibility="hidden"),
    ]
    remember_pages({page.url_path: page for page in pages})
    page = st.navigation(pages, position="top")
    try:
        wiring.settings()
        wiring.accounts()
    except InvalidSettings as error:
        st.error(plain(str(error)))
        return
    if login.admitted():
        page.run()
        login.show_person()


if __name__ == "__main__":
    main()
