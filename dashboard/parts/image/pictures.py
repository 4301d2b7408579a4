"""One image as it came, as the model sees it, why it reads it so, and how it was prepared."""

from __future__ import annotations

import streamlit as st

from dashboard import cached_maps
from dashboard.parts.image.subject import OneImage
from dashboard.pictures import enlarged, overlay
from mnist.images import Rejection
from mnist.scoring.saliency import occlusion

_SIDE = 280


def show_pictures(image: OneImage, version: str) -> None:
    """Draw the three pictures that matter most side by side."""
    shown = image.inspection.stages
    with st.container(horizontal=True, gap="medium"):
        if shown:
            _picture(shown[0].picture, "As it came, in grey", "The image as it came")
        if image.pixels is None:
            return
        _picture(image.pixels, "As the model sees it, 28x28", "The 28x28 pixels that a model reads")
        heat = occlusion(lambda images: cached_maps.read_by(version, images), image.pixels)
        with st.container(width=_SIDE):
            st.image(
                enlarged(overlay(image.pixels, heat), _SIDE),
                alt="Saliency: orange where the image speaks for the digit read",
            )
            st.caption(
                "Why this digit: without the **orange** parts the model is less sure of it, "
                "without the **blue** parts surer (occlusion)."
            )


def show_stages(image: OneImage) -> None:
    """Draw every stage of the preprocessing, or say why there was none."""
    result = image.inspection.result
    if isinstance(result, Rejection):
        st.warning(f"Rejected as `{result.reason}`: {result.reason.sentence}")
    else:
        warnings = ", ".join(result.warnings) or "none"
        st.caption(f"Pipeline {result.pipeline}; warnings: {warnings}.")
    with st.container(horizontal=True, gap="small"):
        for number, stage in enumerate(image.inspection.stages, start=1):
            with st.container(width=150):
                st.image(enlarged(stage.picture, 140), alt=f"Stage {number}: {stage.name}")
                st.caption(f"{number}. {stage.name}")


def _picture(pixels: object, caption: str, alt: str) -> None:
    with st.container(width=_SIDE):
        st.image(enlarged(pixels, _SIDE), alt=alt)
        st.caption(caption)
