"""The page Draw: the sheet and the answer beside it, then what was done to the image."""

import numpy as np
import streamlit as st

from dashboard.components import cached
from dashboard.components.boundary import each_error_once, error_boundary
from dashboard.components.canvas import canvas
from dashboard.components.one_image import OneImage, show_pictures, show_stages
from dashboard.components.probabilities import probability_chart
from dashboard.components.texts import code, percent, plain
from dashboard.components.titles import page_title
from dashboard.pages.draw.cut_picture import ask_for_layout, show_cut
from mnist import services
from mnist.digits import Outcome
from mnist.images import Decoded, Limits, Rejection, stages
from mnist.scoring.predictions import PinnedModel, predict_digits

_MAX_MEGABYTES = 20
_LAST = "drawn-or-uploaded"


@each_error_once()
def show() -> None:
    """Draw the page."""
    page_title("Draw")
    sheet, answer = st.columns([1, 2], gap="large")
    with sheet:
        content, is_file = _content()
        layout, form = ask_for_layout() if is_file else (None, None)
    with error_boundary():
        current = services.current()
        model = current.acceptance.judged(current.registry.champion())
        if content is None:
            answer.info("Draw a digit, paste a picture onto the sheet, or upload a file.")
            return
        settings = current.settings
        limits = Limits(settings.max_image_bytes, settings.max_image_pixels)
        if layout is not None:
            with answer:
                show_cut(content, layout, form, model, limits)
            return
        inspection = stages(content, limits)
        result = inspection.result
        pixels = result.pixels if isinstance(result, Decoded) else None
        image = OneImage("drawing", content, inspection, pixels)
        with answer:
            _show_answer(result, model)
        show_pictures(image, model.version)
        st.subheader("What was done to it")
        show_stages(image)


def _content() -> tuple[bytes | None, bool]:
    """Give the file that was uploaded or what is on the sheet, whichever came last.

    Returns:
        Its bytes, None if there are none, and whether it was uploaded.
    """
    drawing = canvas("sheet", lambda: _remember("sheet"))
    upload = st.file_uploader(
        "Or upload an image",
        max_upload_size=_MAX_MEGABYTES,
        key="upload",
        on_change=_remember,
        args=("upload",),
    )
    if upload is None or st.session_state.get(_LAST) == "sheet":
        return drawing, False
    return upload.getvalue(), True


def _remember(source: str) -> None:
    st.session_state[_LAST] = source


def _show_answer(result: Decoded | Rejection, model: PinnedModel) -> None:
    """Say digit and confidence, whether a person should look, and the ten probabilities."""
    if isinstance(result, Rejection):
        st.error(f"No digit: {plain(result.reason.sentence)} {plain(result.detail)}")
        return
    (prediction,) = predict_digits([result], model, cached.predictor(model.version).outputs)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric("Digit", str(prediction.digit))
    with right:
        st.markdown(
            f"**{percent(prediction.confidence)}** sure, predicted by version "
            f"{plain(model.version)}."
        )
        if prediction.outcome is Outcome.NOT_A_DIGIT:
            st.warning(
                f"Not a digit, says the model; if it were one, most likely a {prediction.digit}. "
                "A person should look at it."
            )
        elif prediction.accepted:
            st.success("Accepted: no person needs to look at it.")
        else:
            why = [
                f"{plain(warning.sentence)} ({code(warning)})" for warning in prediction.warnings
            ]
            st.warning(
                "A person should look at it. "
                + (" ".join(why) or "The confidence is too low to be accepted unseen.")
            )
    st.altair_chart(
        probability_chart(np.array(prediction.probabilities, np.float32), None),
        alt=f"Probabilities of the ten digits; the highest is that of {prediction.digit}",
    )
    st.caption(
        f"Accepted from a confidence of {percent(model.accept_confidence, 2)} on. "
        f"{plain(model.acceptance_evidence)}"
    )
    if prediction.ood_score is not None:
        st.caption(
            f"Out-of-distribution score {prediction.ood_score:.2f}; above "
            f"{model.ood_threshold:.2f} an image is unlike a digit."
        )
