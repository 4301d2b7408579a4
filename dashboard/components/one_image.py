"""One image as it came, as the model sees it, why it predicts its digit, how it was prepared."""

from dataclasses import dataclass

import streamlit as st

from dashboard.components import cached
from dashboard.components.pictures import overlay, scaled
from mnist.digits import Image
from mnist.images import Inspection, Rejection
from mnist.keys import ObjectVersion
from mnist.scoring.saliency import occlusion
from mnist.storage.sheets import CutPlace

_SIDE = 280


@dataclass(frozen=True, eq=False)
class OneImage:
    """An image, wherever it comes from.

    Attributes:
        name: For people; outside content where it is a key.
        content: The file.
        inspection: What the preprocessing makes of it, stage by stage.
        pixels: What a model sees, or None if it was rejected.
        label: What it shows, if somebody has labelled it.
        label_error: What an audit says of that label; empty for most.
        index: Its row among the test images, or None.
        source: Where a training image comes from; empty for others.
        reviewed_key: Key of a training image that people have labelled; empty for others.
        version: Its object version in the inbox, or None.
        batch: The batch it lies in, or None.
        place: What a layout cut out of a picture; None for a picture that is one digit.
    """

    name: str
    content: bytes
    inspection: Inspection
    pixels: Image | None
    label: int | None = None
    label_error: str = ""
    index: int | None = None
    source: str = ""
    reviewed_key: str = ""
    version: ObjectVersion | None = None
    batch: str | None = None
    place: CutPlace | None = None


def show_pictures(image: OneImage, version: str) -> None:
    """Draw the three pictures that matter most side by side."""
    with st.container(horizontal=True, gap="medium"):
        if image.inspection.stages:
            original = image.inspection.stages[0].picture
            _picture(original, "As it came, in grey", "The image as it came")
        if image.pixels is None:
            return
        _picture(image.pixels, "As the model sees it, 28x28", "The 28x28 pixels that a model sees")
        heat = occlusion(cached.predictor(version).predict, image.pixels)
        _picture(
            overlay(image.pixels, heat),
            "Why this digit: without the **orange** parts the model is less sure of it, without "
            "the **blue** parts surer (occlusion).",
            "Saliency: orange where the image speaks for the predicted digit",
        )


def show_stages(image: OneImage) -> None:
    """Draw every stage of the preprocessing, or say why there was none."""
    result = image.inspection.result
    if isinstance(result, Rejection):
        st.warning(f"Rejected as `{result.reason}`: {result.reason.sentence}")
    else:
        st.caption(f"Pipeline {result.pipeline}.")
    with st.container(horizontal=True, gap="small"):
        for number, stage in enumerate(image.inspection.stages, start=1):
            with st.container(width=150):
                st.image(scaled(stage.picture, 140), alt=f"Stage {number}: {stage.name}")
                st.caption(f"{number}. {stage.name}")


def _picture(pixels: object, caption: str, alt: str) -> None:
    with st.container(width=_SIDE):
        st.image(scaled(pixels, _SIDE), alt=alt)
        st.caption(caption)
