"""The training images on the page Errors: the last check of their labels, and a new one."""

import streamlit as st

from dashboard.access.login import person
from dashboard.access.model_actions import check_labels
from dashboard.components.boundary import ActionResult, remember_result, show_result
from dashboard.components.filters import FILTER
from dashboard.components.following import follow, show_followed
from dashboard.components.texts import plain
from dashboard.components.training_images import TrainingImages, last_check, training_images
from mnist import services

_ALL = "all sources"
_RESULT = "check-labels-result"
_MEANING = (
    "Each training image is predicted by a network that has not learned from it. A label that it "
    "contradicts may be wrong. What an editor judges as *label wrong* is left out of the next "
    "retraining, until the verdict is taken back."
)


def choose_training_images() -> TrainingImages | None:
    """Say what was checked, ask for a source, and offer a check; None before the first one."""
    show_result(_RESULT)
    show_followed()
    run, images = last_check(), training_images()
    if run is None or images is None:
        st.info(
            "No labels of training images have been checked yet. Run "
            "`prefect deployment run 'check-labels/default'`."
        )
        _offer_check()
        return None
    frame = images.predictions.frame
    sources = frame["source"].unique().tolist()
    source = st.selectbox("Source", [_ALL, *sources], key="source", **FILTER)
    st.caption(f"{_MEANING} Checked {run.started_at:%Y-%m-%d %H:%M} UTC.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(f"{plain(run.name)} in MLflow ↗", run.url, type="tertiary")
        _offer_check()
    return images if source == _ALL else training_images(source)


def _offer_check() -> None:
    if person().is_editor:
        st.button(
            "Check the labels again" if last_check() is not None else "Check the labels",
            help="Trains three short networks; a few minutes of the worker.",
            on_click=remember_result,
            args=(_RESULT, _check),
        )


def _check() -> ActionResult:
    current = services.current()
    follow("check", check_labels(current.prefect, current.audit, person()), decides=False)
    return ActionResult("A run checks the labels.")
