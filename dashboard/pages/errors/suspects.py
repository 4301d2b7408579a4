"""Images whose label may be wrong, the most suspect first."""

import streamlit as st

from dashboard.components.evaluated_images import EvaluatedImages, show_tiles
from dashboard.components.filters import paged
from dashboard.components.texts import counted
from mnist.evaluation.confident_learning import suspected_label_errors


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
    # Rows of a batch are not numbered from 0, so positions are turned into names first.
    names = predictions.frame.index[suspects.index]
    remarks = {
        int(name): f"{margin:+.2f} margin{', beyond its usual confidence' if sure else ''}"
        for name, margin, sure in zip(names, suspects.margin, suspects.confident, strict=True)
    }
    images.offer_annotation(predictions.frame.loc[names])
    page = paged(predictions.frame.loc[names], "suspects-page")
    show_tiles(images, page, "Suspected label errors", remarks, key="suspects")
