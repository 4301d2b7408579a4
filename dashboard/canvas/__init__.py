"""A sheet of paper to draw on, or to paste a picture onto."""

from __future__ import annotations

import base64
import binascii
from importlib.resources import files

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_PREFIX = "base64,"


def canvas(key: str) -> bytes | None:
    """Show the sheet.

    Returns:
        The drawing as a PNG file, or the picture that was pasted, whichever came last; None from
        an empty sheet. They come from a browser: trust them no more than any upload.
    """
    result = _component()(key=key, on_picture_change=_look_again)
    return content_of(result.picture)


def content_of(data_url: str | None) -> bytes | None:
    """Take the bytes out of what a browser calls a data URL; None if there are none."""
    if not isinstance(data_url, str) or _PREFIX not in data_url:
        return None
    try:
        return base64.b64decode(data_url.partition(_PREFIX)[2], validate=True)
    except binascii.Error:
        return None


def _look_again() -> None:
    """Have the page drawn again after a stroke; the drawing stands in the result."""


@st.cache_resource(show_spinner=False)
def _component() -> ComponentRenderer:
    folder = files(__package__)
    return st.components.v2.component(
        "digits_canvas",
        html=(folder / "canvas.html").read_text(),
        css=(folder / "canvas.css").read_text(),
        js=(folder / "canvas.js").read_text(),
    )
