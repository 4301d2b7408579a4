"""Going to another page with an address that can be passed on, in the same visit."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from mnist.keys import ObjectVersion

_PAGES = "pages"
_WAY_BACK = "way-back"
_FIRST = "overview"
"""Name of the page that lies at the root."""


def remember_pages(pages: Mapping[str, StreamlitPage]) -> None:
    """Keep the pages of this run, so that a component can lead to one by its name."""
    st.session_state[_PAGES] = dict(pages)


def image_of_test(version: str, index: int) -> str:
    """Name a test image as the page of one image does in its address."""
    return urlencode({"version": version, "test": index})


def image_of_batch(batch: str, version: ObjectVersion) -> str:
    """Name an object version as the page of one image does in its address."""
    return urlencode(
        {"batch": batch, "key": version.key, "etag": version.etag, "size": version.size}
    )


def image_of_training(sha256: str) -> str:
    """Name a training image, by the digest of its pixels, as the page of one image does."""
    return urlencode({"training": sha256})


def url_of(page: str) -> str:
    """Write where a page lies, as it can be passed on, from where this one does."""
    here = urlsplit(str(st.context.url or ""))
    path = f"{here.path.rpartition('/')[0]}/{page}"
    return urlunsplit((here.scheme, here.netloc, path, "", ""))


def go_to(page: str, address: str | None) -> None:
    """Go to a page if there is an address to go to, and remember the way back."""
    if address is not None:
        if _here() != page:
            st.session_state[_WAY_BACK] = _here(), _parameters()
        st.switch_page(st.session_state[_PAGES][page], query_params=parse_qs(address))


def show_way_back() -> None:
    """Offer the page that led here, with its filters; the browser's own way back forgets them."""
    page, query = st.session_state.get(_WAY_BACK, (None, {}))
    pages = st.session_state.get(_PAGES, {})
    if page not in pages or page == _here():
        return
    if st.button(f"← Back to {pages[page].title}", type="tertiary"):
        st.switch_page(pages[page], query_params=query)


def page_named(name: str) -> StreamlitPage | None:
    """Find a page by its name in addresses; None if there is none, or no longer."""
    pages: Mapping[str, StreamlitPage] = st.session_state.get(_PAGES, {})
    return pages.get(name)


def address_here() -> tuple[str, str]:
    """Say which page this is, and what stands in its address."""
    return _here() or _FIRST, urlencode(_parameters(), doseq=True)


def _parameters() -> dict[str, list[str]]:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def _here() -> str:
    return urlsplit(str(st.context.url)).path.rpartition("/")[2]
