"""The page of one image, from its file to the images that look like it."""

import pandas as pd
import streamlit as st

from dashboard.access.login import person
from dashboard.components import cached, tables
from dashboard.components.annotations import show_annotations
from dashboard.components.boundary import each_error_once, error_boundary, section
from dashboard.components.keypad import show_keypad
from dashboard.components.links import show_way_back
from dashboard.components.one_image import OneImage, show_pictures, show_stages
from dashboard.components.texts import code, plain
from dashboard.components.titles import page_title
from dashboard.components.versions import choose_version, usual_version
from dashboard.components.walk import show_walk
from dashboard.pages.image.address import (
    content_of,
    image_in_address,
    recorded_row,
    ticket_in_address,
)
from dashboard.pages.image.outcome import show_outcome
from dashboard.pages.image.place import show_place
from dashboard.pages.image.predictions import show_history, show_neighbours, show_probabilities
from dashboard.pages.image.verdict import show_fault
from mnist import services
from mnist.layouts import Layout
from mnist.places import layout_place


@each_error_once()
def show() -> None:
    """Draw the page."""
    show_way_back()
    show_walk()
    add_title = page_title("One image")
    with error_boundary():
        versions = cached.versions()
        if not versions:
            st.info(
                "No model has been trained yet; run `prefect deployment run 'retrain/default'`."
            )
            return
        version = choose_version("Model version", "version", versions, usual_version(versions))
        recorded = None
        with error_boundary():
            if recorded := recorded_row():
                show_outcome(*recorded)
        image = image_in_address(version)
        if image is None:
            st.info(
                "The address names no image. Click an image on the page Errors, Compare or "
                "Batches, or name one yourself: `?test=` and the number of a test image."
            )
            return
        add_title(image.name)
        _show_heading(image, version)
        if recorded and (ticket := ticket_in_address()) is not None:
            with st.expander("Label it", expanded=person().is_editor):
                show_keypad(ticket)
        with error_boundary():
            show_fault(image, version)
        with error_boundary():
            if (content := content_of(image, recorded and recorded[1])) is not None:
                show_annotations(content)
        _show_sections(image, version, recorded and recorded[1])


def _show_heading(image: OneImage, version: str) -> None:
    label = "no label yet" if image.label is None else f"labelled **{image.label}**"
    st.markdown(f"{code(image.name)} · {label}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if image.version is not None:
            bucket = services.current().settings.inbox_bucket
            st.caption(f"Object {code(f's3://{bucket}/{image.version.key}')}", width="content")
        file = image.name.rpartition("/")[2] or "image"
        tables.download("Download the file", image.content, file, "application/octet-stream")
        run = cached.details(version).run
        st.link_button(f"Run of version {plain(version)} in MLflow ↗", run.url, type="tertiary")


def _layout_of(image: OneImage) -> Layout | None:
    place = None if image.version is None else layout_place(image.version)
    return None if place is None else services.current().layouts.get(place.layout).layout


def _show_sections(image: OneImage, version: str, row: pd.Series | None) -> None:
    pixels = image.pixels
    if image.place is not None:
        with error_boundary():
            show_place(image.place, row, _layout_of(image))
        if pixels is None:  # a value of several digits, or nothing
            return
    with error_boundary():
        show_pictures(image, version)
    if pixels is not None:
        with error_boundary():
            show_probabilities(image, pixels, version)
    st.header("How it was prepared", help="Every stage from the file to the 28x28 pixels.")
    show_stages(image)
    if pixels is None:
        return
    section(
        "Across model versions",
        lambda: show_history(image, pixels),
        "Each version predicts the image now, as it is prepared.",
    )
    section(
        "More like this",
        lambda: show_neighbours(image, pixels, version),
        "Test images whose features are closest to its own.",
    )
