"""The confusion matrix whose cells choose images, and the numbers beside it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.matrix import matrix
from dashboard.matrix.cells import cells
from dashboard.parts.errors.filters import READ, TRUE, chosen_cell, show_cell
from dashboard.parts.errors.subject import Subject
from dashboard.queries.models import accuracy_interval
from dashboard.queries.readings import confused_pairs, per_digit
from dashboard.texts import percent
from mnist.evaluation.metrics import Evaluation

_PAIRS = "pairs"
_PAIRS_SHOWN = 10
_SHARE = st.column_config.NumberColumn


def show_confusion(subject: Subject) -> None:
    """Draw matrix, numbers and most frequent confusions."""
    evaluation = subject.evaluation
    left, right = st.columns([3, 2], gap="large")
    with left:
        _matrix(evaluation)
        _pairs(confused_pairs(subject.readings.frame))
    with right:
        _numbers(evaluation)


def _matrix(evaluation: Evaluation) -> None:
    shown = st.segmented_control(
        "Cells show",
        ["counts", "rates"],
        default="counts",
        required=True,
        key="cells",
        bind="query-params",
        label_visibility="collapsed",
    )
    label = "Confusion matrix: rows are true digits, columns what was read. A cell shows its images"
    laid_out = cells(evaluation.confusion, rates=shown == "rates", chosen=chosen_cell())
    matrix(laid_out, label, key="matrix", on_choice=_choose)
    st.caption("Click a cell to see its images below. Rates are shares of the true digit's images.")


def _choose(cell: str) -> None:
    true, read = cell.split("-")
    again = (st.session_state.get(TRUE), st.session_state.get(READ)) == (true, read)
    show_cell(*((None, None) if again else (true, read)))


def _numbers(evaluation: Evaluation) -> None:
    accuracy = accuracy_interval(evaluation)
    st.markdown(
        f"**{percent(accuracy.estimate)} read correctly**, 95 % interval {percent(accuracy.low)} "
        f"to {percent(accuracy.high)}: {evaluation.errors:,} of {evaluation.images:,} images are "
        f"misread. Macro F1 {evaluation.macro_f1:.4f}."
    )
    st.dataframe(
        per_digit(evaluation),
        hide_index=True,
        height="content",
        alt="Precision, recall, F1 and number of images of each digit",
        column_config={
            name: _SHARE(format="%.4f", help=meaning)
            for name, meaning in (
                ("precision", "Of the images read as this digit, the share that is one."),
                ("recall", "Of this digit's images, the share that is read as one."),
                ("F1", "Harmonic mean of the two."),
            )
        },
    )


def _pairs(pairs: pd.DataFrame) -> None:
    if pairs.empty:
        st.success("Nothing was misread.")
        return
    worst = pairs.head(_PAIRS_SHOWN)

    def choose() -> None:
        rows = st.session_state[_PAIRS]["selection"]["rows"]
        if rows:
            pair = worst.iloc[rows[0]]
            show_cell(str(pair["true"]), str(pair["read"]))

    st.markdown("**Most confused pairs**")
    st.dataframe(
        worst,
        key=_PAIRS,
        hide_index=True,
        on_select=choose,
        selection_mode="single-row",
        placeholder="",
        height=180,
        alt="The most frequent confusions; choose one to see its images",
        column_config={"read": "read as", "share": _SHARE("of that digit", format="percent")},
    )
