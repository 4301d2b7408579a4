"""Draw: one digit drawn, pasted or uploaded, and everything that happens to it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import cached_maps, wiring
from dashboard.canvas import canvas
from dashboard.charts.probabilities import probability_chart
from dashboard.parts.image.pictures import show_pictures, show_stages
from dashboard.parts.image.subject import OneImage
from dashboard.parts.problems import told
from dashboard.texts import percent, plain
from mnist.images import Decoded, Limits, Rejection, stages
from mnist.scoring.predictions import PinnedModel, predict_digits

_MAX_MEGABYTES = 20


def show() -> None:
    """Draw the page."""
    st.title("Draw")
    sheet, answer = st.columns([1, 2], gap="large")
    with sheet:
        content = _content()
    with told():
        model = wiring.registry_reader().champion()
        if content is None:
            answer.info("Draw a digit, paste a picture onto the sheet, or upload a file.")
            return
        settings = wiring.settings()
        limits = Limits(settings.max_image_bytes, settings.max_image_pixels)
        inspection = stages(content, limits)
        result = inspection.result
        pixels = result.pixels if isinstance(result, Decoded) else None
        image = OneImage("drawing", content, inspection, pixels, label=None)
        with answer:
            _show_answer(result, model)
        show_pictures(image, model.version)
        st.subheader("What was done to it")
        show_stages(image)


def _content() -> bytes | None:
    """Give the file that was uploaded, or what is on the sheet."""
    drawn = canvas("sheet")
    uploaded = st.file_uploader("Or upload an image", max_upload_size=_MAX_MEGABYTES)
    return drawn if uploaded is None else uploaded.getvalue()


def _show_answer(result: Decoded | Rejection, model: PinnedModel) -> None:
    """Say digit and confidence, whether a person should look, and the ten probabilities."""
    if isinstance(result, Rejection):
        st.error(f"No digit: {plain(result.reason.sentence)} {plain(result.detail)}")
        return
    (reading,) = predict_digits([result], model, cached_maps.predictor(model.version).read)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric("Digit", str(reading.digit))
    with right:
        st.markdown(f"**{percent(reading.confidence)}** sure, says version {plain(model.version)}.")
        if reading.accepted:
            st.success("Accepted: no person needs to look at it.")
        else:
            why = ", ".join(reading.warnings) or "the confidence is too low"
            st.warning(f"A person should look at it: {plain(why)}.")
    st.altair_chart(
        probability_chart(np.array(reading.probabilities, np.float32), None),
        alt=f"Probabilities of the ten digits; the highest is that of {reading.digit}",
    )
    if reading.ood_score is not None:
        st.caption(
            f"Out-of-distribution score {reading.ood_score:.2f}; above {model.ood_threshold:.2f} "
            "an image is unlike a digit."
        )
