"""Previous and next: from one image of a gallery to the one beside it, by button and by key."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import streamlit as st

from dashboard.components.links import go_to

_ORDER = "order-of-the-gallery"


def remember_order(addresses: Sequence[str]) -> None:
    """Keep what the tiles of a gallery open, in their order, once one of them is opened."""
    st.session_state[_ORDER] = tuple(address for address in addresses if address)


def place_in(addresses: Sequence[str], query: Mapping[str, str]) -> int | None:
    """Find the image that an address names among others; None if it is none of them.

    Args:
        addresses: What tiles open.
        query: What stands in the address; a model version there may be another one.
    """
    for place, address in enumerate(addresses):
        named = dict(parse_qsl(address))
        named.pop("version", None)
        if named and all(query.get(key) == value for key, value in named.items()):
            return place
    return None


def show_walk() -> None:
    """Draw the buttons that lead to the images beside this one, where a gallery led here."""
    addresses = st.session_state.get(_ORDER, ())
    place = place_in(addresses, st.query_params.to_dict())
    if place is None or len(addresses) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_step("Previous", "Left", addresses, place - 1)
        _show_step("Next", "Right", addresses, place + 1)
        st.caption(f"{place + 1} of {len(addresses)} in the gallery", width="content")


def _show_step(label: str, key: str, addresses: Sequence[str], place: int) -> None:
    is_there = 0 <= place < len(addresses)
    if st.button(label, shortcut=key, key=f"step-{key}", type="tertiary", disabled=not is_there):
        go_to("image", addresses[place])
