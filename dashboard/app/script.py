"""The script that Streamlit runs for every look: it draws the page that the address names."""

from importlib.resources import files

import streamlit as st

from dashboard.access import login
from dashboard.components import tables
from dashboard.components.links import remember_pages
from dashboard.components.texts import plain
from dashboard.pages.batches import page as batches
from dashboard.pages.champion import page as champion
from dashboard.pages.compare import page as compare
from dashboard.pages.data import page as data
from dashboard.pages.decisions import page as decisions
from dashboard.pages.draw import page as draw
from dashboard.pages.drift import page as drift
from dashboard.pages.errors import page as errors
from dashboard.pages.image import page as image
from dashboard.pages.labels import page as labels
from dashboard.pages.overview import page as overview
from dashboard.pages.review import page as review
from dashboard.pages.values import page as values
from mnist import services
from mnist.errors import InvalidSettings


def main() -> None:
    """Draw the page that the address names."""
    icon = files("dashboard.app") / "icon.png"
    st.set_page_config(page_title="Digits", page_icon=str(icon), layout="wide")
    pages = [
        st.Page(overview.show, title="Overview", url_path="start", default=True),
        st.Page(batches.show, title="Batches", url_path="batches"),
        st.Page(errors.show, title="Errors", url_path="errors"),
        st.Page(review.show, title="Review", url_path="review"),
        st.Page(values.show, title="Values", url_path="values"),
        st.Page(labels.show, title="Labels", url_path="labels"),
        st.Page(champion.show, title="Champion", url_path="champion"),
        st.Page(decisions.show, title="Decisions", url_path="decisions"),
        st.Page(compare.show, title="Compare", url_path="compare"),
        st.Page(drift.show, title="Drift", url_path="drift"),
        st.Page(data.show, title="Data", url_path="data"),
        st.Page(draw.show, title="Draw", url_path="draw"),
        # The first page lies at the root; people type its name all the same.
        st.Page(overview.show, title="Overview", url_path="overview", visibility="hidden"),
        st.Page(image.show, title="One image", url_path="image", visibility="hidden"),
    ]
    remember_pages({page.url_path: page for page in pages})
    page = st.navigation(pages, position="top")
    tables.style()
    try:
        services.current()
        login.accounts()
    except InvalidSettings as error:
        st.error(plain(str(error)))
        return
    if login.admitted():
        page.run()
        login.show_person()


if __name__ == "__main__":
    main()
