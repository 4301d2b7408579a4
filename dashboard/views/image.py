"""One image: what it is, what versions read in it and why, and what looks like it."""

from __future__ import annotations

import streamlit as st

from dashboard import cached_readings, wiring
from dashboard.parts.image.pictures import show_pictures, show_stages
from dashboard.parts.image.readings import show_history, show_neighbours, show_probabilities
from dashboard.parts.image.subject import OneImage, asked_for
from dashboard.parts.links import show_way_back
from dashboard.parts.problems import told
from dashboard.parts.versions import choose_version, usual_version
from dashboard.texts import code, plain


def show() -> None:
    """Draw the page."""
    show_way_back()
    st.title("One image")
    with told():
        versions = cached_readings.versions()
        if not versions:
            st.info(
                "No model has been trained yet; run `prefect deployment run 'retrain/default'`."
            )
            return
        version = choose_version("Model version", "version", versions, usual_version(versions))
        image = asked_for(version)
        if image is None:
            return
        _heading(image, version)
        _sections(image, version)


def _heading(image: OneImage, version: str) -> None:
    label = "no label yet" if image.label is None else f"labelled **{image.label}**"
    st.markdown(f"{code(image.name)} · {label}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if image.version is not None:
            bucket = wiring.settings().inbox_bucket
            st.caption(f"Object {code(f's3://{bucket}/{image.version.key}')}", width="content")
        st.download_button(
            "Download the file",
            image.content,
            file_name=image.name.rpartition("/")[2] or "image",
            mime="application/octet-stream",
            on_click="ignore",
            type="tertiary",
        )
        run = cached_readings.details(version).run
        st.link_button(f"Run of version {plain(version)} in MLflow ↗", run.url, type="tertiary")


def _sections(image: OneImage, version: str) -> None:
    with told():
        show_pictures(image, version)
    if image.pixels is not None:
        with told():
            show_probabilities(image, image.pixels, version)
    st.header("How it was prepared", help="Every stage from the file to the 28x28 pixels.")
    show_stages(image)
    if image.pixels is None:
        return
    st.header("Across model versions", help="Each version reads the image now, as it is prepared.")
    with told():
        show_history(image, image.pixels)
    st.header("More like this", help="Test images whose features are closest to its own.")
    with told():
        show_neighbours(image, image.pixels, version)
