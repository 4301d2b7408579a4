"""A grid of images with what was read in each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dashboard.gallery.tiles import Tile


def gallery(tiles: Sequence[Tile], label: str, key: str = "gallery") -> str | None:
    """Draw a page of tiles.

    Args:
        tiles: At most a page full; their pictures travel with them.
        label: What the grid is, for those who do not see it.
        key: Distinguishes several galleries on one page.

    Returns:
        What the tile opens that was clicked just now, if one was.
    """
    result = _component()(
        data={"tiles": list(tiles), "label": label}, key=key, on_opened_change=_look_again
    )
    opened: str | None = result.opened
    return opened


def _look_again() -> None:
    """Have the page drawn again after a click; what was clicked stands in the result."""


@st.cache_resource(show_spinner=False)
def _component() -> ComponentRenderer:
    folder = files(__package__)
    return st.components.v2.component(
        "digits_gallery",
        html='<div id="gallery"></div>',
        css=(folder / "gallery.css").read_text(),
        js=(folder / "gallery.js").read_text(),
    )
