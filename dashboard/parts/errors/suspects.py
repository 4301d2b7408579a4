"""Images whose label may be wrong, the most suspect first."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.errors.images import paged, show_tiles
from dashboard.parts.errors.subject import Subject
from dashboard.texts import counted
from mnist.evaluation.confident_learning import suspected_label_errors
from mnist.evaluation.known_label_errors import known_label_errors


def show_suspects(subject: Subject) -> None:
    """Rank the labels that the model contradicts."""
    readings = subject.readings
    found = suspected_label_errors(readings.labels, readings.probabilities)
    if not len(found.index):
        st.success("The model contradicts no label.")
        return
    issues = int(found.confident.sum())
    st.markdown(
        f"**{counted(len(found.index), 'label')} contradicted**, {issues:,} of them with more than "
        "the model's usual confidence in that digit. Either the model is wrong or the label is: "
        "look from the top."
    )
    known = known_label_errors(readings.labels) if subject.batch is None else {}
    if known:
        hit = sum(int(row) in known for row in found.index)
        st.caption(
            f"{hit} of the {len(known)} test labels that public audits found wrong or undecidable "
            "are among them, and are marked. Confident learning: Northcutt, Jiang and Chuang 2021."
        )
    # Rows of a batch are not numbered from 0, so positions are turned into names first.
    names = readings.frame.index[found.index]
    said = {
        int(name): f"{margin:+.2f} margin{', beyond its usual confidence' if sure else ''}"
        for name, margin, sure in zip(names, found.margin, found.confident, strict=True)
    }
    page = paged(readings.frame.loc[names], "suspects-page")
    show_tiles(subject, page, "Suspected label errors", said, key="suspects")
