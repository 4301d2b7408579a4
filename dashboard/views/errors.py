"""Errors: which digits are confused, and the images behind every number."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.errors.confusion import show_confusion
from dashboard.parts.errors.images import show_images
from dashboard.parts.errors.similarity import show_map
from dashboard.parts.errors.subject import choose_subject
from dashboard.parts.errors.suspects import show_suspects
from dashboard.parts.errors.weak_slices import show_slices
from dashboard.parts.problems import told

_SECTIONS = {
    "images": show_images,
    "map": show_map,
    "suspected label errors": show_suspects,
    "slices": show_slices,
}


def show() -> None:
    """Draw the page."""
    st.title("Errors")
    with told():
        subject = choose_subject()
        if subject is None:
            return
        show_confusion(subject)
        section = st.segmented_control(
            "Look at",
            list(_SECTIONS),
            default="images",
            required=True,
            key="look",
            bind="query-params",
        )
        _SECTIONS[section](subject)
