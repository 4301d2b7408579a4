"""The map of images: those that look alike to the model lie close together."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import cached_maps, cached_readings, wiring
from dashboard.charts.maps import BOX, map_chart
from dashboard.parts.errors.images import paged, show_tiles
from dashboard.parts.errors.subject import Subject
from dashboard.queries.maps import map_exists, within
from dashboard.queries.readings import Order, ordered
from dashboard.texts import counted

_CHART = "map"


def show_map(subject: Subject) -> None:
    """Draw the map and the images of the box that a person drags on it."""
    if subject.batch is not None:
        st.info("There is a map of the test images only; choose them above.")
        return
    if not _ready(subject.version):
        return
    places = cached_maps.image_map(subject.version).frame(subject.readings)
    state: Any = st.altair_chart(
        map_chart(places),
        key=_CHART,
        on_select="rerun",
        selection_mode=[BOX],
        alt=f"Map of {len(places):,} test images; each is a dot, those misread are crosses",
    )
    st.caption(
        f"{counted(len(places), 'test image')}: every misread one, the closest calls, and a random "
        "sample. Dots that are close look alike to this version (t-SNE of its last hidden layer); "
        "distances between groups mean nothing. Drag a box to see the images in it."
    )
    box = state["selection"].get(BOX, {})
    inside = ordered(within(places, box), Order.LOSS)
    if not box:
        inside = inside[~inside["right"]]
        st.markdown(f"**The {counted(len(inside), 'misread image')} on the map**")
    else:
        st.markdown(f"**{counted(len(inside), 'image')} in the box**")
    if not inside.empty:
        show_tiles(subject, paged(inside, "map-page"), "Images of the map", key="map-gallery")


def _ready(version: str) -> bool:
    """Draw a button where the map has to be made first, which takes a while."""
    known = cached_readings.details(version).tags
    name = f"{known['scoring_graph_sha256']}-{known['test_digest']}"
    if map_exists(wiring.results_bucket(), name):
        return True
    st.info(
        "Nobody has looked at this version's map yet. It is made once, which takes from ten "
        "seconds to a minute, and kept in the results bucket."
    )
    return st.button("Make the map", type="primary")
