"""The map of images: those that look alike to the model lie close together."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.access.login import person
from dashboard.components import cached
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import paged
from dashboard.components.texts import counted
from dashboard.pages.errors.charts import BOX, map_chart
from dashboard.pages.errors.queries import Order, ordered, stored_map, within
from mnist import services


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
    state: Any = st.altair_chart(
        map_chart(places),
        key="map",
        on_select="rerun",
        selection_mode=[BOX],
        alt=f"Map of {len(places):,} test images; each is a dot, wrong predictions are crosses",
    )
    st.caption(
        f"{counted(len(places), 'test image')}: every misclassified one, the closest calls, and a "
        "random sample. Dots that are close look alike to this version (t-SNE of its last hidden "
        "layer); distances between groups mean nothing. Drag a box to see the images in it."
    )
    box = state["selection"].get(BOX, {})
    inside = ordered(within(places, box), Order.LOSS)
    if not box:
        inside = inside[~inside["right"]]
        st.markdown(f"**The {counted(len(inside), 'misclassified image')} on the map**")
    else:
        st.markdown(f"**{counted(len(inside), 'image')} in the box**")
    if not inside.empty:
        images.offer_annotation(inside)
        show_tiles(images, paged(inside, "map-page"), "Images of the map", key="map-gallery")


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
    return f"maps/{tags['scoring_graph_sha256']}-{tags['test_digest']}.parquet"
