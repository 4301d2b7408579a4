"""Images whose label may be wrong, the most suspect first."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.annotations import choose_tags
from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import FILTER, paged
from dashboard.components.texts import counted, percent
from dashboard.pages.errors.images import ANY, VERDICTS
from dashboard.pages.errors.queries import matching
from mnist.evaluation.confident_learning import Suspects, suspected_label_errors

_LEAST = 5e-5
"""What is below would be written as 0.00 %."""

_CONFIDENT, _EVERY = "with confidence", "all"


def show_suspects(images: EvaluatedImages) -> None:
    """Rank the labels that the model contradicts."""
    predictions = images.predictions
    suspects = suspected_label_errors(predictions.labels, predictions.probabilities)
    if not len(suspects.index):
        st.success("The model contradicts no label.")
        return
    st.markdown(
        f"**{counted(len(suspects.index), 'label')} contradicted**, "
        f"{int(suspects.confident.sum()):,} of them with more than the model's usual confidence in "
        "that digit. Either the model is wrong or the label is: look from the top."
    )
    label_errors = images.label_errors()
    if label_errors:
        hits = sum(int(row) in label_errors for row in suspects.index)
        st.caption(
            f"{hits} of the {len(label_errors)} test labels that public audits found wrong or "
            "undecidable are among them, and are marked. Confident learning: Northcutt, Jiang and "
            "Chuang 2021."
        )
    frame = _ranked(images, suspects)
    chosen = images.carrying(matching(frame, _controls(), {}), choose_tags())
    if chosen.empty:
        st.info("No suspect fits this choice.")
        return
    st.markdown(f"**{len(chosen):,} of {counted(len(frame), 'suspect')}**")
    images.offer_annotation(chosen)
    page = paged(chosen)
    remarks = {
        int(row): f"self-confidence {'< 0.01 %' if share < _LEAST else percent(share)}"
        f"{', beyond its usual confidence' if sure else ''}"
        for row, share, sure in zip(page.index, np.exp(-page["loss"]), page["sure"], strict=True)
    }
    show_tiles(images, page, "Suspected label errors", remarks, key="suspects")


def _ranked(images: EvaluatedImages, suspects: Suspects) -> pd.DataFrame:
    """Give the rows of the suspects in their order, with verdicts and the column `sure`."""
    return images.with_verdicts().iloc[suspects.index].assign(sure=suspects.confident)


def _controls() -> dict[str, object]:
    contradicted, verdict = st.columns(2)
    with contradicted:
        how = st.selectbox("Contradicted", [_EVERY, _CONFIDENT], key="contradicted", **FILTER)
    with verdict:
        fault = st.selectbox("Verdict", VERDICTS, key="verdict", **FILTER)
    return {
        "sure": True if how == _CONFIDENT else None,
        "verdict": None if fault == ANY else fault,
    }
