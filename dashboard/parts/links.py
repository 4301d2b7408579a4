"""Going to another page with an address that can be passed on, in the same visit."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from mnist.keys import ObjectVersion

_PAGES = "pages"


def remember_pages(pages: Mapping[str, StreamlitPage]) -> None:
    """Keep the pages of this run, so that a part can lead to one by its name in the address."""
    st.session_state[_PAGES] = dict(pages)


def image_of_test(version: str, index: int) -> str:
    """Name a test image as the page of one image does in its address."""
    return urlencode({"version": version, "test": index})


def image_of_batch(batch: str, version: ObjectVersion) -> str:
    """Name an object version as the page of one image does in its address."""
    return urlencode(
        {"batch": batch, "key": version.key, "etag": version.etag, "size": version.size}
    )


def go_to(page: str, address: str | None) -> None:
    """Go to a page if there is an address to go to."""
    if address:
        st.switch_page(st.session_state[_PAGES][page], query_params=dict(parse_qsl(address)))
