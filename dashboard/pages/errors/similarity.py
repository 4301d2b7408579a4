"""The map of images: those that look alike to the model lie close together."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.access.login import person
from dashboard.components import cached
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import paged
from dashboard.components.texts import code, counted
from dashboard.pages.errors.charts import BOX, map_chart
from dashboard.pages.errors.queries import Order, ordered, stored_map, within
from mnist import services
from mnist.keys import MAPS

_BOX = "box"
"""Name of the box in the address."""

_DRAWN = "map-drawn"


@st.cache_resource(max_entries=3, show_spinner="Drawing the map of this version, once …")
def _image_map(version: str) -> pd.DataFrame:
    return stored_map(
        services.current().results_bucket,
        _map_key(version),
        cached.test_predictions(version),
        lambda: cached.test_features(version),
    )


def show_map(images: EvaluatedImages) -> None:
    """Draw the map and the images of the box that a person drags on it."""
    if images.batch is not None:
        st.info("There is a map of the test images only; choose them above.")
        return
    if not services.current().results_bucket.exists(_map_key(images.version)):
        _offer_map(images.version)
        return
    places = _image_map(images.version)
    box = _box_in_address()
    # The chart keeps the box it was drawn with: another would draw it anew while people drag.
    first_box, number = st.session_state.setdefault(_DRAWN, (box, 0))
    key = f"map-{number}"

    def choose() -> None:
        dragged: Any = st.session_state[key]["selection"].get(BOX, {})
        _put_in_address(dragged)

    st.altair_chart(
        map_chart(places, first_box),
        key=key,
        on_select=choose,
        selection_mode=[BOX],
        alt=f"Map of {len(places):,} test images; each is a dot, wrong predictions are crosses",
    )
    st.caption(
        f"{counted(len(places), 'test image')}: every misclassified one, the closest calls, and a "
        "random sample. Dots that are close look alike to this version (t-SNE of its last hidden "
        "layer); distances between groups mean nothing. Drag a box to see the images in it."
    )
    inside = ordered(within(places, box), Order.LOSS)
    if not box:
        inside = inside[~inside["right"]]
        st.markdown(f"**The {counted(len(inside), 'misclassified image')} on the map**")
    else:
        st.markdown(f"**{counted(len(inside), 'image')} in the box**")
        st.button("Take the box away", type="tertiary", on_click=_take_box_away)
    if not inside.empty:
        images.offer_annotation(inside)
        show_tiles(images, paged(inside, "map-page"), "Images of the map", key="map-gallery")


def _box_in_address() -> dict[str, list[float]]:
    """Read the box of the address, as the chart gives it; nothing where there is none."""
    text = st.query_params.get(_BOX)
    try:
        left, right, low, high = (float(edge) for edge in (text or "").split(","))
    except ValueError:
        if text is not None:
            st.warning(f"{code(text)} is no box; it has four numbers: left, right, low and high.")
        return {}
    return {"x": [left, right], "y": [low, high]}


def _put_in_address(box: Mapping[str, Sequence[float]]) -> None:
    """Write the box into the address, so that it can be passed on; for callbacks."""
    st.session_state["map-page"] = 1
    if "x" in box and "y" in box:
        st.query_params[_BOX] = ",".join(f"{edge:.2f}" for edge in (*box["x"], *box["y"]))
    else:
        st.query_params.pop(_BOX, None)


def _take_box_away() -> None:
    """Have the chart drawn anew without a box; for callbacks."""
    _put_in_address({})
    _, number = st.session_state[_DRAWN]
    st.session_state[_DRAWN] = {}, number + 1


def _offer_map(version: str) -> None:
    """Draw a button where the map has to be made first, which takes a while."""
    st.info(
        "Nobody has made this version's map yet. It is made once by an editor, which takes from "
        "ten seconds to a minute, and kept in the results bucket."
    )
    if person().is_editor and st.button("Make the map", type="primary"):
        _image_map(version)
        st.rerun()


def _map_key(version: str) -> str:
    tags = cached.details(version).tags
    return f"{MAPS}{tags['scoring_graph_sha256']}-{tags['test_digest']}.parquet"
